//! `:events`.

use crate::api::events::named;
use crate::error::{Error, Result};
use crate::repl::Ending;
use crate::repl::events::Feed;
use crate::repl::screen::Screen;
use crate::repl::shell::Shell;

/// Shows events above the prompt from now on, or no more, or says what is shown.
pub(super) fn run(shell: &mut Shell, typed: &str, screen: &mut dyn Screen) -> Result<Option<Ending>> {
    let mut words = typed.split([' ', ',']).filter(|word| !word.is_empty());
    let said = match (words.next(), words.collect::<Vec<_>>()) {
        (Some("on"), kinds) => {
            let kinds = if kinds.is_empty() {
                None
            } else {
                Some(kinds.into_iter().map(named).collect::<Result<Vec<_>>>()?.concat())
            };
            let feed = Feed::begin(&shell.session().connection(), kinds)?;
            *shell.feed() = Some(feed);
            return Ok(None);
        }
        (Some("off"), kinds) if kinds.is_empty() => {
            *shell.feed() = None;
            return Ok(None);
        }
        (None, _) => match shell.feed() {
            Some(feed) if feed.is_on() => format!("events are shown above the prompt: {}\n", feed.describe()),
            _ => "no events are shown; `:events on` shows them above the prompt\n".to_owned(),
        },
        _ => {
            let error = Error::usage(format!("`:events` is turned on or off, not {typed:?}"));
            return Err(error.hint("`:events on`, `:events on lifecycle network`, `:events off`"));
        }
    };
    let _ = screen.show(&said)?;
    Ok(None)
}
