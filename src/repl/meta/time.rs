//! `:time`: what an input costs.

use crate::repl::Ending;
use crate::repl::screen::Screen;
use crate::repl::shell::Shell;

/// `:time INPUT` evaluates it and says what it took; `:time` says so after every input, or no more.
pub(super) fn run(shell: &mut Shell, rest: &str, screen: &mut dyn Screen) -> Option<Ending> {
    if !rest.is_empty() {
        return shell.timed(rest, screen);
    }
    let is_timed = &mut shell.sitting_mut().is_timed;
    *is_timed = !*is_timed;
    let now = if *is_timed {
        "every input says what it took; `:time` ends that"
    } else {
        "inputs are timed no more"
    };
    screen.tell(&shell.dim(now));
    None
}
