/**
 * The generated stubs are CommonJS and build their exports at run time, so an ES module sees them only through the
 * default import. They are gathered here; other files take types from the package and values from this file.
 */
import engineGrpc from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import enginePb from "@pulumi/pulumi/proto/engine_pb.js";
import pluginPb from "@pulumi/pulumi/proto/plugin_pb.js";
import providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import providerPb from "@pulumi/pulumi/proto/provider_pb.js";
import statusPb from "@pulumi/pulumi/proto/status_pb.js";
import anyPb from "google-protobuf/google/protobuf/any_pb.js";
import emptyPb from "google-protobuf/google/protobuf/empty_pb.js";
import structPb from "google-protobuf/google/protobuf/struct_pb.js";

export {
  anyPb,
  emptyPb,
  engineGrpc,
  enginePb,
  pluginPb,
  providerGrpc,
  providerPb,
  statusPb,
  structPb,
};
