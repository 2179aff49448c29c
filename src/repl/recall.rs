//! Earlier inputs that begin as the one that is typed: what Up and Down bring back.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// See the module; copies share what they hold.
#[derive(Clone, Default)]
pub(super) struct Recall(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// The oldest first.
    inputs: Vec<String>,
    search: Option<Search>,
    offer: Option<String>,
    /// Whether what is taken over next replaces the whole line.
    is_whole: bool,
}

/// A search that is under way.
struct Search {
    /// What was typed, and the part of it that the inputs begin with.
    typed: String,
    prefix: String,
    /// The places of what was found so far; the last one is shown.
    found: Vec<usize>,
    shown: String,
}

impl Recall {
    /// Remembers an input.
    pub(super) fn push(&self, input: &str) {
        let mut state = self.state();
        state.search = None;
        if state.inputs.last().is_none_or(|last| last != input) {
            state.inputs.push(input.to_owned());
        }
    }

    /// Returns the next older input that begins with what stands in front of the cursor.
    pub(super) fn older(&self, line: &str, cursor: usize) -> Option<String> {
        let mut state = self.state();
        let State { inputs, search, .. } = &mut *state;
        let search = match search.take().filter(|search| search.shown == line) {
            Some(going_on) => search.insert(going_on),
            None => search.insert(Search {
                typed: line.to_owned(),
                prefix: line.get(..cursor).unwrap_or(line).to_owned(),
                found: Vec::new(),
                shown: line.to_owned(),
            }),
        };
        let end = search.found.last().copied().unwrap_or(inputs.len());
        // The same input once more, or what is there already, is of no use.
        let place = inputs[..end].iter().rposition(|input| {
            input.starts_with(&search.prefix)
                && *input != search.typed
                && !search.found.iter().any(|earlier| inputs[*earlier] == *input)
        })?;
        search.found.push(place);
        search.shown.clone_from(&inputs[place]);
        Some(search.shown.clone())
    }

    /// Returns the next newer one; after the newest, what was typed.
    pub(super) fn newer(&self, line: &str) -> Option<String> {
        let mut state = self.state();
        let State { inputs, search, .. } = &mut *state;
        let search = search.as_mut().filter(|search| search.shown == line)?;
        search.found.pop()?;
        search.shown =
            search.found.last().map_or_else(|| search.typed.clone(), |place| inputs[*place].clone());
        Some(search.shown.clone())
    }

    /// Holds a text for the line editor, which puts it in the place of the whole line when it completes next.
    pub(super) fn offer(&self, text: String) {
        self.state().offer = Some(text);
    }

    /// Takes the text that was held.
    pub(super) fn take_offer(&self) -> Option<String> {
        let mut state = self.state();
        state.is_whole = state.offer.is_some();
        state.offer.take()
    }

    /// Whether what is being taken over replaces the whole line.
    pub(super) fn is_whole(&self) -> bool {
        std::mem::take(&mut self.state().is_whole)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recall() -> Recall {
        let recall = Recall::default();
        for input in ["list", "let a = 1;", "list --all", "domains()", "list --all"] {
            recall.push(input);
        }
        recall
    }

    #[test]
    fn up_goes_through_what_begins_as_the_line_does_and_down_comes_back() {
        let recall = recall();
        assert_eq!(recall.older("l", 1).as_deref(), Some("list --all"));
        assert_eq!(recall.older("list --all", 10).as_deref(), Some("let a = 1;"));
        assert_eq!(recall.older("let a = 1;", 10).as_deref(), Some("list"));
        assert_eq!(recall.older("list", 4), None);
        assert_eq!(recall.newer("list").as_deref(), Some("let a = 1;"));
        assert_eq!(recall.newer("let a = 1;").as_deref(), Some("list --all"));
        assert_eq!(recall.newer("list --all").as_deref(), Some("l"));
        assert_eq!(recall.newer("l"), None);
    }

    #[test]
    fn an_empty_line_brings_back_everything_once() {
        let recall = recall();
        assert_eq!(recall.older("", 0).as_deref(), Some("list --all"));
        assert_eq!(recall.older("list --all", 10).as_deref(), Some("domains()"));
        assert_eq!(recall.older("domains()", 9).as_deref(), Some("let a = 1;"));
    }

    #[test]
    fn an_edited_line_begins_anew() {
        let recall = recall();
        assert_eq!(recall.older("", 0).as_deref(), Some("list --all"));
        assert_eq!(recall.newer("list --al"), None);
        assert_eq!(recall.older("dom", 3).as_deref(), Some("domains()"));
        assert_eq!(recall.older("nonsense", 8), None);
    }
}
