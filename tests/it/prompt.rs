//! A person at the prompt: dialogues with a terminal (`tests/dialogues/*.txt`, played by `player`), those that need
//! a signal, a daemon or a folder besides, and input that nobody would type on purpose.

mod bad_input;
mod daemon;
mod keystrokes;
mod leaving;
mod looks;
mod player;
mod texts;
