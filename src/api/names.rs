//! What finders share: what a script may name an object by, and help when there is none.

use globset::{GlobBuilder, GlobMatcher};
use rhai::{Array, Dynamic};

use crate::error::{Error, Result};
use crate::lang::options::Parsed;
use crate::lang::suggest::nearest;
use crate::libvirt::{Connection, Handle, Object};

/// What a script named an object by.
pub(super) enum Wanted {
    /// a name, or a UUID
    Name(String),
    /// a number
    Number(i64),
}

/// Sorts out the argument of a finder.
pub(super) fn wanted(kind: &str, argument: &Dynamic) -> Result<Wanted> {
    if let Ok(number) = argument.as_int() {
        return Ok(Wanted::Number(number));
    }
    argument.clone().into_string().map(Wanted::Name).map_err(|given| {
        Error::usage(format!("{kind}() wants a name, a UUID or a number, not {given}"))
            .operation(format!("{kind}.lookup"))
            .hint(format!("for example {kind}(\"web1\")"))
    })
}

/// Sorts out the argument of a finder of objects that have no number.
pub(super) fn text(kind: &str, wants: &str, argument: &Dynamic) -> Result<String> {
    argument.clone().into_string().map_err(|given| {
        Error::usage(format!("{kind}() wants {wants}, not {given}"))
            .operation(format!("{kind}.lookup"))
            .hint(format!("for example {kind}(\"default\")"))
    })
}

/// Finds an object by a text.
pub(super) type Find<O> = fn(&Connection, &str) -> Result<Handle<O>>;

/// Another way to find an object: which texts it is for, and the way itself.
pub(super) type Other<O> = (fn(&str) -> bool, Find<O>);

/// How a kind of object is found by its name, or by something else that is no name.
pub(super) struct Lookup<O: Object> {
    /// the code of the error that there is no such object
    pub(super) missing: &'static str,
    /// the function that lists all, as a script writes it
    pub(super) list: &'static str,
    pub(super) by_name: Find<O>,
    /// what else may be meant, such as a UUID, and how to find by it
    pub(super) by_other: Option<Other<O>>,
    /// the names of all
    pub(super) names: fn(&Connection) -> Result<Vec<String>>,
}

impl<O: Object> Lookup<O> {
    /// Finds an object; the error names the nearest one.
    pub(super) fn find(&self, connection: &Connection, name: &str) -> Result<Handle<O>> {
        (self.by_name)(connection, name).or_else(|error| {
            if error.code() != self.missing {
                return Err(error);
            }
            if let Some((is_other, by_other)) = self.by_other
                && is_other(name)
            {
                return by_other(connection, name);
            }
            Err(suggest(error, name, self.list, || (self.names)(connection)))
        })
    }
}

/// The names of some objects.
pub(super) fn labels<O: Object>(objects: &[Handle<O>]) -> Vec<String> {
    objects.iter().map(|object| object.label().to_owned()).collect()
}

/// The bits of the choices that were made: for each option, those for true and those for false.
pub(super) fn chosen(options: &Parsed, choices: &[(&str, u32, u32)]) -> Result<u32> {
    choices.iter().try_fold(0, |flags, &(name, yes, no)| {
        Ok(flags | options.get_bool(name)?.map_or(0, |wanted| if wanted { yes } else { no }))
    })
}

/// True for a text with the shape of a UUID.
pub(super) fn is_uuid(text: &str) -> bool {
    uuid::Uuid::try_parse(text).is_ok()
}

/// The place of a word in a list; the error names the nearest one.
pub(super) fn place(what: &str, words: &[&str], word: &str) -> Result<usize> {
    words.iter().position(|known| *known == word).ok_or_else(|| {
        let error = Error::usage(format!("{word:?} is not {what}"));
        match nearest(word, words.iter().copied()) {
            Some(near) => error.hint(format!("did you mean {near:?}?")),
            None => error.hint(format!("there are {}", words.join(", "))),
        }
    })
}

/// Adds the nearest name to an error about an unknown one; `list` names the function that lists all.
pub(super) fn suggest(
    error: Error,
    name: &str,
    list: &str,
    all: impl FnOnce() -> Result<Vec<String>>,
) -> Error {
    let hint = match all() {
        Ok(names) => match nearest(name, names.iter().map(String::as_str)) {
            Some(near) => format!("did you mean {near:?}?"),
            None => format!("{list} lists what there is"),
        },
        Err(_) => format!("{list} lists what there is"),
    };
    // The general hint of the error's number is less than a name.
    error.replace_hint(hint)
}

/// Reads a pattern for names.
pub(super) fn pattern(text: &str) -> Result<GlobMatcher> {
    let glob = GlobBuilder::new(text).literal_separator(false).build().map_err(|e| {
        Error::usage(format!("{text:?} is not a pattern for names: {}", e.kind()))
            .hint("`*` is any text, `?` any character, `[abc]` one of them; `[*]` is a star itself")
    })?;
    Ok(glob.compile_matcher())
}

/// Makes the array of a list: those that fit the pattern, sorted by name.
pub(super) fn list<O: Object>(handles: Vec<Handle<O>>, pattern: Option<&str>) -> Result<Array> {
    let mut handles = handles;
    if let Some(wanted) = pattern {
        let glob = self::pattern(wanted)?;
        handles.retain(|handle| glob.is_match(handle.label()));
    }
    handles.sort_by(|a, b| a.label().cmp(b.label()));
    Ok(handles.into_iter().map(Dynamic::from).collect())
}
