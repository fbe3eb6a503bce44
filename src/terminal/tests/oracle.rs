//! The same output through another emulator.
