//! The module `yaml`.
//!
//! Mappings become maps; keys that are numbers or truth values become texts. Anchors are followed;
//! documents that would unfold without measure are refused by the reader.

use rhai::plugin::export_module;
use rhai::{Array, Dynamic, ImmutableString};

use super::Fallible;
use super::data::{from_data, to_data};
use crate::error::{Error, Result};
use crate::lang::natives::Natives;
use crate::output::{self, Data};

/// Registers the module.
pub(super) fn register(natives: &mut Natives) {
    natives.namespace("yaml", &[&yaml_functions::RHAI_MANIFEST]);
}

/// Reads all documents of a text.
fn documents(text: &str) -> Result<Vec<Data>> {
    // YAML 1.2: `no` and `off` are words, not truth values.
    let options = serde_saphyr::options! { strict_booleans: true, with_snippet: false };
    serde_saphyr::from_multiple_with_options(text, options).map_err(|error| not_read(&error))
}

/// Words the reader's error in one line with its place.
fn not_read(error: &serde_saphyr::Error) -> Error {
    let message = error.to_string();
    let what = message.lines().next().unwrap_or_default();
    let place = match error.location() {
        Some(place) if !what.contains("line ") => {
            format!(" at line {} column {}", place.line(), place.column())
        }
        _ => String::new(),
    };
    Error::usage(format!("this is no YAML: {what}{place}"))
}

/// YAML, in and out.
#[export_module(manifest)]
pub mod yaml_functions {
    /// Reads a YAML document.
    ///
    /// Mappings become maps and null becomes `()`; an empty text is `()`.
    ///
    /// Errors: `usage` with its place for what is no YAML, for a key that is there twice and for several documents.
    ///
    /// ```rhai
    /// print(yaml::parse("name: web1\ndisks: [vda]").name);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn parse(text: ImmutableString) -> Fallible<Dynamic> {
        let mut documents = documents(&text)?;
        match documents.len() {
            0 => Ok(Dynamic::UNIT),
            1 => Ok(from_data(documents.remove(0))),
            count => {
                let error = Error::usage(format!("the text holds {count} YAML documents"));
                Err(error.hint("read all of them with yaml::parse_all").into())
            }
        }
    }

    /// Reads all YAML documents of a text.
    ///
    /// Errors: `usage` with its place for what is no YAML and for a key that is there twice.
    ///
    /// @returns [Dynamic]
    ///
    /// ```rhai
    /// print(yaml::parse_all("a: 1\n---\nb: 2").len());
    /// ```
    #[rhai_fn(return_raw)]
    pub fn parse_all(text: ImmutableString) -> Fallible<Array> {
        Ok(documents(&text)?.into_iter().map(from_data).collect())
    }

    /// Writes any value as a YAML document.
    ///
    /// Texts that look like numbers, truth values or null are quoted. Handles are written as their default columns.
    ///
    /// Errors: those of reading a handle; `script` for a value nested deeper than 200 levels.
    ///
    /// ```rhai
    /// print(yaml::to_string(#{ name: "web1", disks: ["vda"] }));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn to_string(value: Dynamic) -> Fallible<String> {
        Ok(output::yaml(&to_data(&value)?)?)
    }
}

#[cfg(test)]
mod tests {
    use super::super::host_context::testing::failure;
    use super::super::json;
    use rhai::Engine;

    use super::*;
    use crate::error::code;
    use crate::lang::natives::Docs;

    fn engine() -> Engine {
        let mut engine = Engine::new();
        Natives::bind(&mut engine, Docs::Dropped, register);
        Natives::bind(&mut engine, Docs::Dropped, json::register);
        engine
    }

    fn text(script: &str) -> String {
        engine().eval::<String>(script).expect(script)
    }

    #[test]
    fn documents_are_read() {
        assert_eq!(
            text("json::to_string(yaml::parse(`a: [1, 1.5, yes, true, ~, x]\n1: b`))"),
            r#"{"1":"b","a":[1,1.5,"yes",true,null,"x"]}"#
        );
        assert_eq!(text("json::to_string(yaml::parse_all(`a: 1\n---\n- 2\n`))"), r#"[{"a":1},[2]]"#);
        assert_eq!(text("json::to_string([yaml::parse(``), yaml::parse_all(``)])"), "[null,[]]");
        assert_eq!(
            text("json::to_string(yaml::parse(`a: &x {b: 1}\nc: *x`))"),
            r#"{"a":{"b":1},"c":{"b":1}}"#
        );
    }

    #[test]
    fn what_is_written_can_be_read() {
        let value = r#"#{ a: ["1", "true", "", "x: y", "two\nlines"], n: 1, f: 1.0 }"#;
        let json = text(&format!("json::to_string({value})"));
        assert_eq!(text(&format!("json::to_string(yaml::parse(yaml::to_string({value})))")), json);
    }

    #[test]
    fn what_is_no_yaml_says_where() {
        for script in
            ["yaml::parse(`a: [1\nb: 2`)", "yaml::parse(`a: 1\na: 2`)", "yaml::parse(`a: *nothing`)"]
        {
            let error = failure(&engine(), script);
            assert_eq!(error.code(), code::USAGE, "{script}");
            assert!(error.to_string().contains("line "), "{error}");
            assert_eq!(error.to_string().lines().count(), 1, "{error}");
        }
        let error = failure(&engine(), "yaml::parse(`a: 1\n---\nb: 2`)");
        assert!(error.facts().hint.as_deref().unwrap().contains("parse_all"));
    }

    #[test]
    fn documents_that_unfold_without_measure_are_refused() {
        let level = |level: usize| {
            format!("a{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 10].join(", "))
        };
        let bomb =
            std::iter::once("a0: &a0 [x, x]\n".to_owned()).chain((1..12).map(level)).collect::<String>();
        assert_eq!(failure(&engine(), &format!("yaml::parse(`{bomb}`)")).code(), code::USAGE);
        let deep = format!("yaml::parse(`{}`)", "[".repeat(50_000));
        assert_eq!(failure(&engine(), &deep).code(), code::USAGE);
    }
}
