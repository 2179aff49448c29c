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
        Error::usage(message).operation(self.function)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static TABLE: OptionTable = OptionTable {
        function: "Domain.undefine",
        options: &[
            flag("managed_save", 1, "Removes the managed save image."),
            flag("nvram", 4, "Removes the NVRAM file.").alias("firmware").alias("varstore"),
            boolean("force", "Does not ask."),
            int("retries", "How often to try."),
            float("factor", "A factor."),
            size("memory", "How much memory."),
            duration("timeout", "How long to wait."),
            text("name", "A name."),
            word("mode", &["fast", "safe"], "How."),
            list("disks", "Which disks."),
            map("labels", "Labels."),
            any("value", "Anything."),
            boolean("loop_", "Whether to repeat."),
        ],
    };

    fn read(code: &str) -> Result<Parsed> {
        let map = rhai::Engine::new().eval::<Map>(code).expect("a map");
        TABLE.read(map)
    }

    fn refused(code: &str) -> (String, String) {
        let Err(error) = read(code) else { panic!("{code} was accepted") };
        assert_eq!(error.code(), crate::error::code::USAGE);
        assert_eq!(error.facts().operation.as_deref(), Some("Domain.undefine"));
        (error.to_string(), error.facts().hint.clone().unwrap_or_default())
    }

    #[test]
    fn values_come_out_as_declared() {
        let given = read(
            r#"#{ managed_save: true, nvram: true, force: false, retries: 3, factor: 2, memory: "4GiB",
                  timeout: "2m", name: "web1", mode: "safe", disks: ["vda", "vdb"], labels: #{a: 1}, value: 1.5 }"#,
        )
        .unwrap();
        assert_eq!(given.flags(), 5);
        assert!(given.flag("nvram"));
        assert_eq!(given.get_bool("force").unwrap(), Some(false));
        assert_eq!(given.get_int("retries").unwrap(), Some(3));
        assert_eq!(given.get_float("factor").unwrap(), Some(2.0));
        assert_eq!(given.get_size("memory").unwrap(), Some(4 << 30));
        assert_eq!(given.get_duration("timeout").unwrap(), Some(120.0));
        assert_eq!(given.get_text("name").unwrap().as_deref(), Some("web1"));
        assert_eq!(given.get_text("mode").unwrap().as_deref(), Some("safe"));
        assert_eq!(given.get_list("disks").unwrap(), Some(vec!["vda".to_string(), "vdb".to_string()]));
        assert_eq!(given.get_map("labels").unwrap().map(|map| map.len()), Some(1));
        assert_eq!(given.get_any("value").unwrap().and_then(|value| value.as_float().ok()), Some(1.5));
    }

    #[test]
    fn what_is_not_given_is_absent() {
        let given = read("#{ retries: (), nvram: false }").unwrap();
        assert_eq!((given.flags(), given.flag("nvram")), (0, false));
        assert_eq!(given.get_int("retries").unwrap(), None);
        assert!(!given.has("retries") && given.has("nvram"));
    }

    #[test]
    fn numbers_are_sizes_and_durations_too() {
        let given = read("#{ memory: 1024, timeout: 90 }").unwrap();
        assert_eq!(given.get_size("memory").unwrap(), Some(1024));
        assert_eq!(given.get_duration("timeout").unwrap(), Some(90.0));
    }

    #[test]
    fn an_unknown_key_names_the_nearest_or_all() {
        let (message, hint) = refused("#{ managed_sav: true }");
        assert_eq!(message, "Domain.undefine has no option `managed_sav`");
        assert_eq!(hint, "did you mean `managed_save`?");
        let (_, hint) = refused("#{ frobnicate: true }");
        assert!(hint.starts_with("the options of Domain.undefine are managed_save, nvram,"), "{hint}");
    }

    #[test]
    fn a_wrong_value_says_what_is_wanted_and_what_was_given() {
        for (code, message) in [
            (
                "#{ nvram: 1 }",
                "option `nvram` of Domain.undefine wants true or false, not a whole number (1)",
            ),
            ("#{ name: 5 }", "option `name` of Domain.undefine wants a text, not a whole number (5)"),
            (
                "#{ memory: -1 }",
                "option `memory` of Domain.undefine wants a size, not a negative number (-1)",
            ),
            (
                "#{ memory: \"4 apples\" }",
                "option `memory` of Domain.undefine wants a size, not the text \"4 apples\"",
            ),
            (
                "#{ disks: [1] }",
                "option `disks` of Domain.undefine wants an array of texts, not an array with a whole number (1)",
            ),
            (
                "#{ mode: \"saef\" }",
                "option `mode` of Domain.undefine wants one of `fast`, `safe`, not the text \"saef\"",
            ),
        ] {
            assert_eq!(refused(code).0, message);
        }
        assert_eq!(refused("#{ mode: \"saef\" }").1, "did you mean `safe`?");
    }

    #[test]
    fn other_names_mean_the_same_option() {
        assert_eq!(read("#{ firmware: true }").unwrap().flags(), 4);
        assert_eq!(read("#{ varstore: true }").unwrap().flags(), 4);
        assert_eq!(read("#{ loop_: true }").unwrap().get_bool("loop_").unwrap(), Some(true));
        assert_eq!(read("#{ \"loop\": true }").unwrap().get_bool("loop_").unwrap(), Some(true));
        assert!(refused("#{ nvram: true, firmware: true }").0.contains("given twice"));
    }

    #[test]
    fn asking_for_what_is_not_declared_is_an_error_too() {
        let given = read("#{ name: \"web1\" }").unwrap();
        assert!(given.get_int("nothing").is_err());
        assert!(given.get_int("name").is_err());
    }
}
