export { type ConnectOptions, connectSsh, SshConnection, type SshTarget } from "./connect.ts";
export { type ExecOptions, type ExecResult, quoteArgument } from "./exec.ts";
export { fingerprintOf } from "./host-key.ts";
export { SshPool } from "./pool.ts";
export { type UploadOptions, type UploadSource, uploadFile } from "./upload.ts";
