export { connectSsh, type ConnectOptions, SshConnection, type SshTarget } from "./connect.ts";
export { type ExecOptions, type ExecResult, quoteArgument } from "./exec.ts";
export { fingerprintOf } from "./host-key.ts";
export { SshPool } from "./pool.ts";
export { type UploadOptions, uploadFile, type UploadSource } from "./upload.ts";
