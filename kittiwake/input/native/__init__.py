"""What compiled code reads, where it is installed. The wheel `kittiwake-native` is built from `native/`."""
