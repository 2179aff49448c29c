//! A small engine for the tests of this folder.
