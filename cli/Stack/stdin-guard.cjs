// Loaded into Azurite with --require. Its stdin is a pipe that the parent holds open: when the parent goes, however it went, the pipe
// ends and Azurite saves its state and stops. A clean stop is asked for in the same way. Where there is too much to do saving takes its time; a parent
// that lives waits for less, and kills it.
const stop = () => {
  setTimeout(() => process.exit(1), 60000).unref();
  if (!process.emit("SIGTERM")) {
    process.exit(0);
  }
};
process.stdin.on("end", stop).on("error", stop).resume();
process.stdin.unref();
