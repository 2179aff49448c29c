//! The words that were used last: in the history and in the inputs of this session.

use std::cmp::Reverse;
use std::collections::HashMap;

use rustyline::history::{History, SearchDirection};

use crate::repl::choice::{Choice, Choices};

/// How many URIs are offered.
const URIS: usize = 8;
/// Only this many of the latest inputs are read.
const INPUTS: usize = 1000;

/// See the module.
#[derive(Default)]
pub(in crate::repl) struct Usage {
    /// The input of the history that was read last.
    latest: Option<String>,
    /// How many were learnt.
    inputs: usize,
    /// For each word the number of the input that used it last, from 1.
    last: HashMap<String, usize>,
    /// The URIs, the latest last.
    uris: Vec<String>,
}

impl Usage {
    /// Reads what is new in the history: from its end back to what was read last.
    pub(in crate::repl) fn read(&mut self, history: &dyn History) {
        let mut new = Vec::new();
        for index in (history.len().saturating_sub(INPUTS)..history.len()).rev() {
            let Ok(Some(found)) = history.get(index, SearchDirection::Forward) else { break };
            if self.latest.as_deref() == Some(&*found.entry) {
                break;
            }
            new.push(found.entry.into_owned());
        }
        for input in new.iter().rev() {
            self.learn(input);
        }
        if let Some(latest) = new.into_iter().next() {
            self.latest = Some(latest);
        }
    }

    /// Takes note of the words of one input.
    pub(in crate::repl) fn learn(&mut self, input: &str) {
        self.inputs += 1;
        let names = input.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
        let texts = input.split(|letter: char| letter.is_whitespace() || "\"'`()[]{},;".contains(letter));
        for word in names.chain(texts).filter(|word| !word.is_empty()) {
            self.last.insert(word.to_owned(), self.inputs);
            if word.contains("://") {
                self.uris.retain(|known| known != word);
                self.uris.push(word.to_owned());
            }
        }
    }

    /// Returns the URIs that were used, the latest first.
    pub(in crate::repl) fn uris(&self) -> impl Iterator<Item = &str> {
        self.uris.iter().rev().take(URIS).map(String::as_str)
    }

    /// Puts the choices that were used last in front; the others keep their order.
    pub(in crate::repl) fn rank(&self, choices: &mut Choices) {
        if !self.last.is_empty() {
            choices.list.sort_by_cached_key(|choice| (choice.is_general, Reverse(self.last_use(choice))));
        }
    }

    fn last_use(&self, choice: &Choice) -> usize {
        self.last.get(choice.word()).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranked(inputs: &[&str], words: &[&str]) -> Vec<String> {
        let mut usage = Usage::default();
        for input in inputs {
            usage.learn(input);
        }
        let mut choices = Choices::matching(0, "", words.iter().map(|word| Choice::plain(*word)).collect());
        usage.rank(&mut choices);
        choices.list.into_iter().map(|choice| choice.insert).collect()
    }

    #[test]
    fn what_was_used_last_comes_first_and_the_rest_stays() {
        let words = ["a", "b", "snapshot_create(", "web-1\"", "c"];
        let inputs = ["domain(\"web-1\").start()", "vm.snapshot_create(\"x\")"];
        assert_eq!(ranked(&inputs, &words), ["snapshot_create(", "web-1\"", "a", "b", "c"]);
        assert_eq!(ranked(&[], &words), words);
    }

    #[test]
    fn what_is_new_in_the_history_is_read_even_where_it_is_full() {
        let config = rustyline::Config::builder().max_history_size(2).unwrap().build();
        let mut history = rustyline::history::MemHistory::with_config(&config);
        let mut usage = Usage::default();
        for (input, inputs) in [("one", 1), ("two", 2), ("three", 3)] {
            history.add(input).unwrap();
            usage.read(&history);
            usage.read(&history);
            assert_eq!(usage.inputs, inputs);
        }
    }

    #[test]
    fn uris_are_kept_the_latest_first() {
        let mut usage = Usage::default();
        for input in ["connect(\"test:///a\")", "connect(\"qemu+ssh://b/system\")", "connect(\"test:///a\")"]
        {
            usage.learn(input);
        }
        assert_eq!(usage.uris().collect::<Vec<_>>(), ["test:///a", "qemu+ssh://b/system"]);
    }
}
