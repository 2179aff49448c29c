//! The module `json`.
//!
//! Objects become maps, whose keys Rhai lists in alphabetical order; a `Table` is written in the order
//! of its columns. Whole numbers that do not fit into 64 bits become numbers with a fraction.

use rhai::plugin::export_module;
use rhai::{Dynamic, ImmutableString, Map};

use super::Fallible;
use super::data::{from_data, to_data};
use crate::error::{Error, code};
use crate::lang::natives::Natives;
use crate::output::Data;

/// Registers the module.
pub(super) fn register(natives: &mut Natives) {
    natives.namespace("json", &[&json_functions::RHAI_MANIFEST]);
    natives.global(&json_methods::RHAI_MANIFEST);
}

fn not_written(error: &serde_json::Error) -> Error {
    Error::new(code::IO, format!("json: {error}"))
}

/// JSON, in and out.
#[export_module(manifest)]
pub mod json_functions {
    /// Reads JSON.
    ///
    /// Objects become maps, `null` becomes `()`. Whole numbers past 64 bits become numbers with a fraction.
    ///
    /// Errors: `usage` with line and column for what is no JSON or nested deeper than 128 levels.
    ///
    /// ```rhai
    /// print(json::parse("{\"name\": \"web1\"}").name);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn parse(text: ImmutableString) -> Fallible<Dynamic> {
        let data: Data =
            serde_json::from_str(&text).map_err(|error| Error::usage(format!("this is no JSON: {error}")))?;
        Ok(from_data(data))
    }

    /// Writes any value as compact JSON: one line.
    ///
    /// Handles are written as their default columns; numbers that are not finite are `null`.
    ///
    /// Errors: those of reading a handle; `script` for a value nested deeper than 200 levels.
    ///
    /// ```rhai
    /// print(json::to_string(#{ name: "web1", disks: ["vda"] }));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn to_string(value: Dynamic) -> Fallible<String> {
        Ok(serde_json::to_string(&to_data(&value)?).map_err(|error| not_written(&error))?)
    }

    /// Writes any value as JSON on indented lines.
    ///
    /// Errors: those of reading a handle; `script` for a value nested deeper than 200 levels.
    ///
    /// ```rhai
    /// print(json::pretty(#{ name: "web1", disks: ["vda"] }));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn pretty(value: Dynamic) -> Fallible<String> {
        Ok(serde_json::to_string_pretty(&to_data(&value)?).map_err(|error| not_written(&error))?)
    }
}

#[export_module(manifest)]
mod json_methods {
    /// Any value as compact JSON, as `json::to_string` writes it.
    ///
    /// ```rhai
    /// print(domains().to_json())
    /// ```
    #[rhai_fn(return_raw)]
    pub fn to_json(value: Dynamic) -> Fallible<String> {
        json_functions::to_string(value)
    }

    /// A map as compact JSON, as `json::to_string` writes it.
    ///
    /// Rhai's own would be chosen before a function that takes any value, and writes a handle as the name of its type.
    ///
    /// @replaces
    ///
    /// ```rhai
    /// print(attempt(|| domain("nope")).to_json())
    /// ```
    #[rhai_fn(name = "to_json", return_raw)]
    pub fn map_to_json(map: Map) -> Fallible<String> {
        json_functions::to_string(map.into())
    }
}

#[cfg(test)]
mod tests {
    use super::super::host_context::testing::failure;
    use super::super::table;
    use rhai::Engine;

    use super::*;
    use crate::lang::natives::Docs;

    fn engine() -> Engine {
        let mut engine = Engine::new();
        Natives::bind(&mut engine, Docs::Dropped, register);
        crate::lang::natives::Natives::bind(
            &mut engine,
            crate::lang::natives::Docs::Dropped,
            table::register,
        );
        engine
    }

    fn text(script: &str) -> String {
        engine().eval::<String>(script).expect(script)
    }

    #[test]
    fn what_is_written_can_be_read() {
        let value = r#"#{ a: [1, -2.5, true, (), "é\n\t\x1b\u202e"], b: #{} }"#;
        let json = text(&format!("json::to_string({value})"));
        assert_eq!(json, "{\"a\":[1,-2.5,true,null,\"é\\n\\t\\u001b\u{202e}\"],\"b\":{}}");
        assert_eq!(text(&format!("json::to_string(json::parse(json::to_string({value})))")), json);
        assert_eq!(text(&format!("json::to_string(json::parse(json::pretty({value})))")), json);
    }

    #[test]
    fn large_numbers_do_not_break() {
        assert_eq!(text("json::to_string(json::parse(`9223372036854775807`))"), "9223372036854775807");
        assert_eq!(text("type_of(json::parse(`18446744073709551615`))"), "f64");
    }

    #[test]
    fn a_table_keeps_the_order_of_its_columns() {
        assert_eq!(text(r#"json::to_string(table([#{ a: 1, z: 2 }], ["z", "a"]))"#), r#"[{"z":2,"a":1}]"#);
    }

    #[test]
    fn what_is_no_json_says_where() {
        let error = failure(&engine(), "json::parse(`{\n\"a\": nope}`)");
        assert_eq!(error.code(), code::USAGE);
        assert!(error.to_string().contains("line 2 column"), "{error}");
        for script in ["json::parse(``)", "json::parse(`[1,]`)", r#"json::parse(`"\ud800"`)"#] {
            assert_eq!(failure(&engine(), script).code(), code::USAGE, "{script}");
        }
        let deep = format!("json::parse(`{}`)", "[".repeat(100_000));
        assert_eq!(failure(&engine(), &deep).code(), code::USAGE);
    }
}
