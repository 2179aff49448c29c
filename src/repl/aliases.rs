//! Short words of the configuration, `[alias]`, and what they stand for.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::error::{Error, Result};

/// See the module.
#[derive(Default)]
pub(super) struct Aliases(BTreeMap<String, String>);

impl Aliases {
    pub(super) fn new(aliases: BTreeMap<String, String>) -> Self {
        Self(aliases)
    }

    /// Every word with what it stands for.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(word, meaning)| (word.as_str(), meaning.trim()))
    }

    /// Puts what it stands for in the place of an input's first word; `is_taken` tells the words that mean something
    /// already, which no alias hides.
    ///
    /// Errors: `usage` for an alias that stands for itself.
    pub(super) fn expand<'a>(&self, input: &'a str, is_taken: impl Fn(&str) -> bool) -> Result<Cow<'a, str>> {
        let mut expanded = Cow::Borrowed(input);
        let mut seen: Vec<&str> = Vec::new();
        while let Some((alias, meaning, rest)) = self.meant(&expanded, &is_taken) {
            if seen.contains(&alias) {
                let path = seen.iter().chain([&alias]).map(|word| format!("`{word}`")).collect::<Vec<_>>();
                return Err(Error::usage(format!(
                    "the alias `{alias}` stands for itself: {}",
                    path.join(", ")
                ))
                .hint("mend [alias] in config.toml; `:alias` lists what is there"));
            }
            seen.push(alias);
            expanded = Cow::Owned(format!("{meaning}{rest}"));
        }
        Ok(expanded)
    }

    /// The alias that an input begins with, what it stands for, and what stands behind it.
    fn meant<'a>(
        &'a self,
        input: &str,
        is_taken: impl Fn(&str) -> bool,
    ) -> Option<(&'a str, &'a str, String)> {
        if self.0.is_empty() {
            return None;
        }
        let input = input.trim_start();
        let word = input.split([' ', '\t', '\n', ';']).next()?;
        let (alias, meaning) = self.0.get_key_value(word)?;
        let rest = &input[word.len()..];
        // `ll = 3` makes a variable.
        let is_assigned = rest.trim_start().starts_with('=');
        (!is_assigned && !is_taken(word)).then(|| (alias.as_str(), meaning.trim(), rest.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expand(input: &str) -> String {
        let aliases =
            [("ll", "list --all"), ("up", "domains(#{ active: true })"), ("a", "b 1"), ("b", "a 2")];
        let aliases = aliases.iter().chain(&[("start", "list"), ("lll", "ll --name")]);
        let aliases =
            Aliases::new(aliases.map(|(word, meaning)| ((*word).into(), (*meaning).into())).collect());
        match aliases.expand(input, |word| word == "start") {
            Ok(expanded) => expanded.into_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn the_first_word_is_replaced_and_the_rest_stays() {
        assert_eq!(expand("ll"), "list --all");
        assert_eq!(expand(" ll --title; uri"), "list --all --title; uri");
        assert_eq!(expand("up"), "domains(#{ active: true })");
        assert_eq!(expand("lll"), "list --all --name");
    }

    #[test]
    fn nothing_else_is_touched() {
        for input in ["start web1", "ll = 3", "ll.len()", "ll(1)", "x ll", "", "let ll = 1;"] {
            assert_eq!(expand(input), input);
        }
    }

    #[test]
    fn an_alias_that_stands_for_itself_is_refused() {
        assert_eq!(expand("a"), "the alias `a` stands for itself: `a`, `b`, `a`");
    }
}
