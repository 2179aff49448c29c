//! Options maps as data: which keys the last argument of a function may have, and of what kind.
//!
//! The bindings declare one static [`OptionTable`] for each function and read the script's map with
//! [`OptionTable::read`]; completion, `check`, help and the reference page read the same table.
//!
//! ```
//! use virhai::lang::options::{OptionTable, flag, word};
//!
//! static UNDEFINE: OptionTable = OptionTable {
//!     function: "Domain.undefine",
//!     options: &[
//!         flag("managed_save", 1, "Also removes the managed save image.").alias("remove_save"),
//!         word("checkpoints", &["keep", "metadata"], "What happens to checkpoints."),
//!     ],
//! };
//! let given = UNDEFINE.read([("managed_save".into(), true.into())].into_iter().collect()).unwrap();
//! assert_eq!(given.flags(), 1);
//! ```

mod parsed;

pub use parsed::Parsed;

use rhai::{Dynamic, Map};

use super::names;
use super::suggest;
use crate::error::{Error, Result};

/// How many names an option can have beside its own.
const ALIASES: usize = 3;

/// The options of one function.
#[derive(Debug)]
pub struct OptionTable {
    /// The function: `Domain.undefine`, `connect` or `fs::read`.
    pub function: &'static str,
    /// Its options in the order of the reference page.
    pub options: &'static [OptionSpec],
}

/// One key of an options map.
#[derive(Debug, Clone, Copy)]
pub struct OptionSpec {
    /// The key, in the spelling of [`names::script_name`].
    pub name: &'static str,
    /// Other keys that mean the same; unused places are empty.
    pub aliases: [&'static str; ALIASES],
    /// What its value is.
    pub kind: OptionKind,
    /// One sentence for help.
    pub doc: &'static str,
}

/// What the value of an option is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptionKind {
    /// `true` sets these bits in [`Parsed::flags`].
    Flag(u32),
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Int,
    /// A number.
    Float,
    /// Bytes as a whole number, or a text such as `"4GiB"`.
    Size,
    /// Seconds as a number, or a text such as `"90s"`.
    Duration,
    /// Any text.
    Text,
    /// One of these words.
    Word(&'static [&'static str]),
    /// An array of texts.
    List,
    /// An object map.
    Map,
    /// Any value.
    Any,
}

impl OptionKind {
    /// Says what a value must be: `a size`, ``one of `fast`, `safe` ``.
    pub fn describe(self) -> String {
        match self {
            Self::Flag(_) | Self::Bool => "true or false".into(),
            Self::Int => "a whole number".into(),
            Self::Float => "a number".into(),
            Self::Size => "a size".into(),
            Self::Duration => "a duration".into(),
            Self::Text => "a text".into(),
            Self::Word(words) => {
                let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
                format!("one of {}", words.join(", "))
            }
            Self::List => "an array of texts".into(),
            Self::Map => "an object map".into(),
            Self::Any => "any value".into(),
        }
    }
}

impl OptionSpec {
    /// Describes an option of any kind.
    pub const fn new(name: &'static str, kind: OptionKind, doc: &'static str) -> Self {
        Self { name, aliases: [""; ALIASES], kind, doc }
    }

    /// Adds another name for the same option; at most three fit.
    #[must_use]
    pub const fn alias(mut self, name: &'static str) -> Self {
        let mut place = 0;
        while !self.aliases[place].is_empty() {
            place += 1;
        }
        self.aliases[place] = name;
        self
    }

    /// Returns every name that may be written for this option, its own first.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.aliases.into_iter().filter(|name| !name.is_empty()))
    }

    /// Returns the words that its value is limited to.
    pub fn words(&self) -> &'static [&'static str] {
        match self.kind {
            OptionKind::Word(words) => words,
            OptionKind::Flag(_) | OptionKind::Bool => &["true", "false"],
            _ => &[],
        }
    }

    /// True if the key means this option: by its name, an alias, or the plain word behind `loop_`.
    pub fn answers_to(&self, key: &str) -> bool {
        self.names().any(|name| name == key || names::plain_word(name) == Some(key))
    }
}

/// An option that sets flag bits.
pub const fn flag(name: &'static str, bits: u32, doc: &'static str) -> OptionSpec {
    OptionSpec::new(name, OptionKind::Flag(bits), doc)
}

/// An option that is `true` or `false`.
pub const fn boolean(name: &'static str, doc: &'static str) -> OptionSpec {
    OptionSpec::new(name, OptionKind::Bool, doc)
}

/// An option that is a whole number.
pub const fn int(name: &'static str, doc: &'static str) -> OptionSpec {
    OptionSpec::new(name, OptionKind::Int, doc)
}

/// An option that is a number.
pub const fn float(name: &'static str, doc: &'static str) -> OptionSpec {
    OptionSpec::new(name, OptionKind::Float, doc)
}

/// An option that is a number of bytes.
pub const fn size(name: &'static str, doc: &'static str) -> OptionSpec {
    OptionSpec::new(name, OptionKind::Size, doc)
}

/// An option that is a number of seconds.
pub const fn duration(name: &'static str, doc: &'static str) -> OptionSpec {
    OptionSpec::new(name, OptionKind::Duration, doc)
}

/// An option that is a text.
pub const fn text(name: &'static str, doc: &'static str) -> OptionSpec {
    OptionSpec::new(name, OptionKind::Text, doc)
}

/// An option that is one of a few words.
pub const fn word(name: &'static str, words: &'static [&'static str], doc: &'static str) -> OptionSpec {
    OptionSpec::new(name, OptionKind::Word(words), doc)
}

/// An option that is an array of texts.
pub const fn list(name: &'static str, doc: &'static str) -> OptionSpec {
    OptionSpec::new(name, OptionKind::List, doc)
}

/// An option that is an object map.
pub const fn map(name: &'static str, doc: &'static str) -> OptionSpec {
    OptionSpec::new(name, OptionKind::Map, doc)
}

/// An option of any type.
pub const fn any(name: &'static str, doc: &'static str) -> OptionSpec {
    OptionSpec::new(name, OptionKind::Any, doc)
}

impl OptionTable {
    /// Checks a script's map against the table. A key whose value is `()` counts as not given.
    ///
    /// Errors: `usage` for an unknown key (with the nearest valid one), for a value of another kind, and
    /// for an option that is given under two names.
    pub fn read(&'static self, map: Map) -> Result<Parsed> {
        let mut parsed = Parsed::new(self);
        for (key, value) in map {
            let spec = self.spec(&key).ok_or_else(|| self.unknown(&key))?;
            if value.is_unit() {
                continue;
            }
            let value = parsed::convert(spec, value).map_err(|wrong| self.mismatch(&key, &wrong))?;
            if !parsed.insert(spec, value) {
                return Err(self.usage(format!("option `{key}` is given twice, under another name too")));
            }
        }
        Ok(parsed)
    }

    /// Returns what errors call the function: `domain.undefine`.
    pub fn operation(&self) -> String {
        names::operation(self.function)
    }

    /// Returns the option that a key means.
    pub fn spec(&self, key: &str) -> Option<&'static OptionSpec> {
        self.options.iter().find(|spec| spec.name == key).or_else(|| {
            // Rare: the script uses an alias or the plain form of a reserved word.
            self.options.iter().find(|spec| spec.answers_to(key))
        })
    }

    /// Says what is wrong with a value that a script would give for a key, if anything is.
    pub(crate) fn complaint(&self, key: &str, value: Dynamic) -> Option<Error> {
        let spec = self.spec(key)?;
        if value.is_unit() {
            return None;
        }
        parsed::convert(spec, value).err().map(|wrong| self.mismatch(key, &wrong))
    }

    /// Says that there is no such key, and which one may have been meant.
    pub(crate) fn unknown(&self, key: &str) -> Error {
        let hint = match suggest::nearest(key, self.options.iter().flat_map(OptionSpec::names)) {
            Some(name) => format!("did you mean `{name}`?"),
            None if self.options.is_empty() => format!("{} takes no options", self.function),
            None => {
                let all: Vec<_> = self.options.iter().map(|spec| spec.name).collect();
                format!("the options of {} are {}", self.function, all.join(", "))
            }
        };
        self.usage(format!("{} has no option `{key}`", self.function)).hint(hint)
    }

    fn mismatch(&self, key: &str, wrong: &parsed::Mismatch) -> Error {
        let error = self.usage(format!(
            "option `{key}` of {} wants {}, not {}",
            self.function, wrong.wanted, wrong.given
        ));
        match &wrong.hint {
            Some(hint) => error.hint(hint.clone()),
            None => error,
        }
    }

    fn usage(&self, message: String) -> Error {
        Error::usage(message).operation(self.operation())
    }
}

#[cfg(test)]
mod tests;
