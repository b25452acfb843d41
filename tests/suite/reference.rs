//! The reference pages and the commented files list the keys that the program reads.
