//! Whether Enter ends the input or begins another line.

use rhai::Engine;

use super::commands::Command;
use crate::lang::lint::parser;
use crate::lang::tokens::is_incomplete;

/// How deep expressions may nest, as in a session.
pub(super) const EXPRESSION_DEPTH: usize = 128;

/// Asks the parser. Variables of earlier inputs are none of its business, so it has an engine of its own.
pub(super) struct Validator {
    parser: Engine,
}

impl Validator {
    pub(super) fn new() -> Self {
        Self { parser: parser(EXPRESSION_DEPTH) }
    }

    /// True for an input that goes on. A second empty line ends one that nobody can finish.
    pub(super) fn wants_more(&self, input: &str) -> bool {
        Command::read(input, |_| false).is_none()
            && !input.ends_with("\n\n")
            && is_incomplete(input, &self.parser)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_block_goes_on_until_it_is_closed() {
        let validator = Validator::new();
        assert!(validator.wants_more("for d in domains() {"));
        assert!(validator.wants_more("for d in domains() {\n"));
        assert!(!validator.wants_more("for d in domains() {\n}"));
        assert!(validator.wants_more("unknown +"));
        assert!(!validator.wants_more("unknown + 1"));
    }

    #[test]
    fn two_empty_lines_end_every_input() {
        assert!(!Validator::new().wants_more("f(1,\n\n"));
    }

    #[test]
    fn a_command_is_one_line() {
        let validator = Validator::new();
        for input in ["?", "?Domain", "help", "help Domain.start", "exit", "", "help fs::"] {
            assert!(!validator.wants_more(input), "{input}");
        }
    }
}
