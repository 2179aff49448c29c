//! A command with the values of its options.

use rhai::{Array, Dynamic, Map};

use super::number;
use super::records::{Command, CommandOption, Kind, Value, script_name};
use crate::error::{Error, Result};
use crate::lang::literals;
use crate::lang::suggest::nearest;

/// See the module.
#[derive(Clone, Debug)]
pub struct Call {
    /// The command.
    pub command: Command,
    /// The places of the options that were given, and their values as they were typed.
    pub(super) given: Vec<(usize, String)>,
}

impl Call {
    /// Whether it ends the shell: `exit`, `quit`.
    pub fn leaves(&self) -> bool {
        matches!(self.command.name, "exit" | "quit")
    }

    /// The value of an option as it was typed.
    pub fn text(&self, name: &str) -> Option<&str> {
        let given = self.given.iter().find(|(index, _)| self.command.options[*index].name == name);
        given.map(|(_, value)| value.as_str())
    }

    /// The call as a script makes it: `virsh::list(#{ all: true })`.
    pub fn as_script(&self) -> String {
        let function = self.command.function();
        let own = self.command.options.iter().enumerate();
        let given: Vec<String> =
            own.filter_map(|(index, option)| self.option_in_script(index, option)).collect();
        if given.is_empty() {
            return format!("virsh::{function}()");
        }
        format!("virsh::{function}(#{{ {} }})", given.join(", "))
    }

    /// An option with its values as an entry of a map; none where it was not given.
    fn option_in_script(&self, index: usize, option: &CommandOption) -> Option<String> {
        let values = self.given.iter().filter(|(given, _)| *given == index).map(|(_, text)| text);
        let mut literals = values.map(|text| literal(option, text)).peekable();
        let first = literals.peek()?.clone();
        let value = match option.kind {
            Kind::Rest => format!("[{}]", literals.collect::<Vec<_>>().join(", ")),
            _ => first,
        };
        Some(format!("{}: {value}", literals::key(&script_name(option.name))))
    }

    /// Every option as the body of the command reads it: flags are true or false, numbers are checked, sizes are
    /// bytes, and what was not given is `()`, or an empty array where several values are taken.
    ///
    /// Errors: `usage` with virsh's words for a number that does not fit and an empty text.
    pub fn options(&self) -> Result<Map> {
        let mut map = absent(&self.command);
        for (index, text) in &self.given {
            let option = &self.command.options[*index];
            let (name, value) = (script_name(option.name), typed_value(option, text)?);
            if let Some(mut list) = map.get_mut(name.as_str()).and_then(rhai::Dynamic::write_lock::<Array>) {
                list.push(value);
                continue;
            }
            map.insert(name.into(), value);
        }
        Ok(map)
    }
}

/// The options of a command, none of them given.
fn absent(command: &Command) -> Map {
    let value = |option: &CommandOption| match option.kind {
        Kind::Flag => Dynamic::FALSE,
        Kind::Rest => Array::new().into(),
        _ => Dynamic::UNIT,
    };
    let own = command.options.iter().filter(|option| !matches!(option.kind, Kind::Alias { .. }));
    own.map(|option| (script_name(option.name).into(), value(option))).collect()
}

fn typed_value(option: &CommandOption, text: &str) -> Result<Dynamic> {
    Ok(match option.value {
        Value::Flag => Dynamic::TRUE,
        Value::Text if text.is_empty() => {
            let error = format!("Failed to get option '{}': Option argument is empty", option.name);
            return Err(Error::usage(error));
        }
        Value::Text | Value::TextOrEmpty | Value::NumberText => text.to_owned().into(),
        Value::Number(c_type) => number::number(option.name, text, c_type)?.into(),
        Value::Size(scale) => number::size(option.name, text, scale)?.into(),
    })
}

/// A value in the source of a script. Sizes stay texts: a number would count bytes, whatever the command's unit is.
fn literal(option: &CommandOption, text: &str) -> String {
    match option.value {
        Value::Flag => "true".into(),
        Value::Number(_) if text.parse::<i64>().is_ok_and(|number| number.to_string() == text) => {
            text.to_owned()
        }
        _ => literals::text(text),
    }
}

/// The options of a call from a script: `virsh::list(#{ all: true })`, checked against the record.
///
/// Errors: `usage` for an option that the command does not have, one that it needs, and a value of the wrong type.
pub(crate) fn options_of_script(command: &Command, given: Map) -> Result<Map> {
    let mut map = absent(command);
    for (name, value) in given {
        let option = find(command, &name)?;
        let wrong = |what: &str| {
            Error::usage(format!("virsh::{}: {name} is {what}, not {value}", command.function()))
        };
        let value = match (option.kind, option.value) {
            (Kind::Flag, _) => value.as_bool().map_err(|_| wrong("true or false"))?.into(),
            (Kind::Rest, _) if value.is_array() => value,
            (Kind::Rest, _) => Array::from([value]).into(),
            (_, Value::Number(_) | Value::NumberText | Value::Size(_)) if value.is_int() => value,
            (_, Value::Text | Value::TextOrEmpty) if value.is_int() => value.to_string().into(),
            _ if value.is_unit() => value,
            _ => typed_value(
                option,
                &value.into_string().map_err(|type_name| {
                    Error::usage(format!("virsh::{}: {name} cannot be a {type_name}", command.function()))
                })?,
            )?,
        };
        map.insert(name, value);
    }
    let missing = |option: &&CommandOption| {
        let value = map.get(script_name(option.name).as_str());
        option.required
            && value.is_none_or(|value| {
                value.is_unit() || value.read_lock::<Array>().is_some_and(|a| a.is_empty())
            })
    };
    match command.options.iter().find(missing) {
        Some(option) => {
            Err(Error::usage(format!("virsh::{} needs {}", command.function(), script_name(option.name)))
                .hint(format!("`help {}` shows all options", command.name)))
        }
        None => Ok(map),
    }
}

fn find<'a>(command: &'a Command, name: &str) -> Result<&'a CommandOption> {
    let named = |option: &&CommandOption| script_name(option.name) == name;
    command.options.iter().find(named).ok_or_else(|| {
        let error = Error::usage(format!("virsh::{} has no option {name:?}", command.function()));
        let all: Vec<String> = command.options.iter().map(|option| script_name(option.name)).collect();
        match nearest(name, all.iter().map(String::as_str)) {
            Some(meant) => error.hint(format!("did you mean {meant:?}?")),
            None => error.hint(format!("it takes {}", all.join(", "))),
        }
    })
}
