//! `:watch`: an input again and again, in place.

use std::time::Duration;

use jiff::Zoned;

use crate::error::{Error, Result};
use crate::libvirt::Reason;
use crate::output::Style;
use crate::repl::Ending;
use crate::repl::canvas::Canvas;
use crate::repl::screen::Screen;
use crate::repl::shell::Shell;
use crate::units::{duration_text, parse_duration};

/// What passes between two rounds where nothing else is asked for.
const PAUSE: Duration = Duration::from_secs(2);
/// Faster than this nobody reads.
const SHORTEST: Duration = Duration::from_millis(100);

/// `:watch INPUT [EVERY]`: until Ctrl-C; the last state stays on the screen.
pub(super) fn run(shell: &mut Shell, rest: &str, screen: &mut dyn Screen) -> Result<Option<Ending>> {
    let (input, every) = parts(rest)?;
    if input.starts_with(':') {
        return Err(Error::usage(
            "`:watch` looks at an expression or a line of virsh, not at another command",
        ));
    }
    let Some(mut canvas) = Canvas::begin(screen) else {
        return Err(Error::usage("`:watch` draws on a terminal, and there is none"));
    };
    let mut state = String::new();
    loop {
        let look = shell.look(input, screen.width());
        if look.was_interrupted || look.ending.is_some() {
            canvas.end(&state);
            return Ok(look.ending);
        }
        let (heading, ends) =
            (heading(shell, input, every), shell.palette().paint(Style::Dim, "   Ctrl-C ends"));
        canvas.draw(&format!("{heading}{ends}\n{}", look.text));
        state = format!("{heading}\n{}", look.text);
        if shell.session().interrupt().sleep(every).is_err() {
            canvas.end(&state);
            let reason = shell.session().interrupt().reason();
            return Ok(reason.filter(|reason| *reason != Reason::Interrupted).map(Ending::Wish));
        }
    }
}

fn heading(shell: &Shell, input: &str, every: Duration) -> String {
    let every = duration_text(every.as_secs_f64());
    let first = input.lines().next().unwrap_or_default();
    let text = format!("every {every}: {first}   {}", Zoned::now().strftime("%H:%M:%S"));
    shell.palette().paint(Style::Dim, &text)
}

/// What is looked at, and how often: a last word such as `5s`.
fn parts(rest: &str) -> Result<(&str, Duration)> {
    if rest.is_empty() {
        return Err(Error::usage("`:watch` needs something to look at")
            .hint("such as `:watch list --all` or `:watch domain(\"web1\").state 500ms`"));
    }
    let Some((input, word)) = rest.rsplit_once(char::is_whitespace) else { return Ok((rest, PAUSE)) };
    let is_duration =
        word.starts_with(|c: char| c.is_ascii_digit()) && word.ends_with(|c: char| c.is_ascii_alphabetic());
    match parse_duration(word) {
        Ok(every) if is_duration && every >= SHORTEST => Ok((input.trim_end(), every)),
        Ok(_) if is_duration => {
            Err(Error::usage(format!("{word} is too short: `:watch` looks every 100ms at most")))
        }
        _ => Ok((rest, PAUSE)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_last_word_with_a_unit_says_how_often() {
        let seconds = |rest| parts(rest).map(|(input, every)| (input, every.as_secs_f64())).unwrap();
        assert_eq!(seconds("list --all"), ("list --all", 2.0));
        assert_eq!(seconds("list --all 500ms"), ("list --all", 0.5));
        assert_eq!(seconds("a + 2"), ("a + 2", 2.0));
        assert_eq!(seconds("5s"), ("5s", 2.0));
        assert!(parts("x 1ms").is_err() && parts("").is_err());
    }
}
