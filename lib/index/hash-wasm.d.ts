// hash-wasm's file with BLAKE2b alone: its main file, with every algorithm, takes four times as long to load.

declare module "hash-wasm/dist/blake2b.umd.min.js" {
  const algorithms: Pick<typeof import("hash-wasm"), "createBLAKE2b">;
  export default algorithms;
}
