//! What keys do.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::model::{Model, Sort};

/// What the loop does after a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// It goes on.
    Go,
    /// It ends.
    Quit,
}

/// The keys and what they do, for the help.
pub(super) const HELP: &[(&str, &str)] = &[
    ("up, down, PgUp, PgDn", "choose a guest"),
    ("Enter", "show one guest with its plots; Esc goes back"),
    ("c m d n t", "sort by CPU, memory, disk, name, network (traffic)"),
    ("s, r", "sort by the next column, the other way round"),
    ("/", "filter by a part of the name or a pattern such as web*"),
    ("space", "pause and go on"),
    ("+ -", "refresh more slowly, or faster"),
    ("q, Ctrl-C", "leave"),
];

/// The times between two refreshes.
const INTERVALS: [u64; 8] = [500, 1_000, 2_000, 3_000, 5_000, 10_000, 30_000, 60_000];

/// Does what a key says.
pub(super) fn press(model: &mut Model, key: KeyEvent) -> Then {
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return if matches!(key.code, KeyCode::Char('c' | 'd')) { Then::Quit } else { Then::Go };
    }
    if model.is_filtering {
        filter(model, key.code);
        return Then::Go;
    }
    if model.shows_help {
        model.shows_help = false;
        return Then::Go;
    }
    match key.code {
        KeyCode::Char('q') => return Then::Quit,
        KeyCode::Esc | KeyCode::Backspace | KeyCode::Left if model.is_single => model.is_single = false,
        KeyCode::Esc if !model.filter.is_empty() => {
            model.filter.clear();
            model.arrange();
        }
        KeyCode::Enter | KeyCode::Right => model.is_single = model.current().is_some(),
        KeyCode::Up | KeyCode::Char('k') => model.step(-1),
        KeyCode::Down | KeyCode::Char('j') => model.step(1),
        KeyCode::PageUp => model.step(-10),
        KeyCode::PageDown => model.step(10),
        KeyCode::Home => model.step(isize::MIN),
        KeyCode::End => model.step(isize::MAX),
        KeyCode::Char('?' | 'h') => model.shows_help = true,
        KeyCode::Char(' ' | 'p') => model.is_paused = !model.is_paused,
        KeyCode::Char('+') => change_interval(model, |choice, now| *choice > now, false),
        KeyCode::Char('-') => change_interval(model, |choice, now| *choice < now, true),
        KeyCode::Char('/') if !model.is_single => model.is_filtering = true,
        KeyCode::Char('r') => {
            model.is_reversed = !model.is_reversed;
            model.arrange();
        }
        KeyCode::Char('s') => sort(model, model.sort.next()),
        KeyCode::Char('c') => sort(model, Sort::Cpu),
        KeyCode::Char('m') => sort(model, Sort::Memory),
        KeyCode::Char('d') => sort(model, Sort::Disk),
        KeyCode::Char('n') => sort(model, Sort::Name),
        KeyCode::Char('t') => sort(model, Sort::Net),
        _ => {}
    }
    Then::Go
}

fn sort(model: &mut Model, by: Sort) {
    model.sort = by;
    model.arrange();
}

fn filter(model: &mut Model, key: KeyCode) {
    match key {
        KeyCode::Enter => model.is_filtering = false,
        KeyCode::Esc => {
            model.is_filtering = false;
            model.filter.clear();
        }
        KeyCode::Backspace => drop(model.filter.pop()),
        KeyCode::Char(letter) => model.filter.push(letter),
        _ => {}
    }
    model.arrange();
}

fn change_interval(model: &mut Model, fits: impl Fn(&u64, u64) -> bool, is_backwards: bool) {
    let now = u64::try_from(model.interval.as_millis()).unwrap_or(u64::MAX);
    let mut fitting = INTERVALS.iter().filter(|choice| fits(choice, now));
    let next = if is_backwards { fitting.next_back() } else { fitting.next() };
    if let Some(millis) = next {
        model.interval = Duration::from_millis(*millis);
    }
}

#[cfg(test)]
mod tests {
    use super::super::model::tests::{guest, model};
    use super::*;

    fn type_in(model: &mut Model, keys: &str) {
        for letter in keys.chars() {
            let code = match letter {
                '\n' => KeyCode::Enter,
                '\x1b' => KeyCode::Esc,
                letter => KeyCode::Char(letter),
            };
            assert_eq!(press(model, code.into()), Then::Go);
        }
    }

    #[test]
    fn keys_sort_filter_and_go_into_a_guest() {
        let mut model = model(vec![guest("a", Some(9.0), false), guest("quiet", Some(1.0), false)]);
        type_in(&mut model, "n");
        assert_eq!(model.sort, Sort::Name);
        // While a filter is typed, keys are letters of it.
        type_in(&mut model, "/q\n");
        assert_eq!((model.filter.as_str(), model.rows().len()), ("q", 1));
        type_in(&mut model, "\n");
        assert!(model.is_single);
        type_in(&mut model, "\x1b\x1b");
        assert_eq!((model.is_single, model.filter.as_str(), model.rows().len()), (false, "", 2));
        assert_eq!(press(&mut model, KeyCode::Char('q').into()), Then::Quit);
    }

    #[test]
    fn the_interval_stops_at_both_ends() {
        let mut model = model(Vec::new());
        type_in(&mut model, "+");
        assert_eq!(model.interval, Duration::from_secs(3));
        type_in(&mut model, "---------");
        assert_eq!(model.interval, Duration::from_millis(500));
        type_in(&mut model, "+++++++++++++");
        assert_eq!(model.interval, Duration::from_secs(60));
    }

    #[test]
    fn without_guests_no_key_fails() {
        let mut model = model(Vec::new());
        type_in(&mut model, "\njk?x /a\n\x1bsr ");
        assert!(!model.is_single);
    }
}
