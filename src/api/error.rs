//! Errors as scripts see them: the type `Error`, `error(e)` and `attempt(|| …)`.

use rhai::plugin::{Dynamic, NativeCallContext, export_module};
use rhai::{EvalAltResult, FnPtr, Map};

use super::Fallible;
use crate::error::{Error, code};
use crate::lang::natives::Natives;

/// Registers the type and its functions.
pub(super) fn register(natives: &mut Natives) {
    natives.engine().register_type_with_name::<Error>("Error");
    natives.global(&error_functions::RHAI_MANIFEST);
}

/// Turns whatever went wrong in a script into an [`Error`].
pub fn from_rhai(error: &EvalAltResult) -> Error {
    match innermost(error) {
        EvalAltResult::ErrorRuntime(value, _) | EvalAltResult::ErrorTerminated(value, _) => {
            from_thrown(value)
        }
        EvalAltResult::ErrorSystem(what, cause) => {
            let text = if what.is_empty() { cause.to_string() } else { format!("{what}: {cause}") };
            Error::new(code::IO, text)
        }
        other => Error::new(code::SCRIPT, sentence(&other.to_string())),
    }
}

/// Rhai's sentence without the chain of calls and the position that it ends with: they are shown apart.
fn sentence(message: &str) -> String {
    let own = message.split("\nin call to function").next().unwrap_or(message);
    let own = own.rfind(" (line ").map_or(own, |at| &own[..at]);
    // A name that is not there is no matter of syntax, and the types have names of their own here.
    let own = own
        .strip_prefix("Syntax error: ")
        .filter(|rest| rest.starts_with("Undefined variable"))
        .unwrap_or(own);
    own.replace("&str | ImmutableString | String", "string")
}

/// The error below calls and modules.
pub(crate) fn innermost(error: &EvalAltResult) -> &EvalAltResult {
    match error {
        EvalAltResult::ErrorInFunctionCall(_, _, inner, _) | EvalAltResult::ErrorInModule(_, inner, _) => {
            innermost(inner)
        }
        other => other,
    }
}

/// Turns a caught value into an [`Error`]: one of ours, a map of facts, Rhai's own map, or anything.
pub fn from_thrown(value: &Dynamic) -> Error {
    if let Some(error) = value.read_lock::<Error>() {
        return error.clone();
    }
    if let Some(map) = value.read_lock::<Map>() {
        return from_map(&map);
    }
    Error::new(code::THROWN, value.to_string())
}

fn from_map(map: &Map) -> Error {
    let text = |key: &str| map.get(key).filter(|v| !v.is_unit()).map(ToString::to_string);
    // Rhai's own errors are maps with the name of their kind under `error`.
    let own = map.contains_key("error") && map.contains_key("position");
    let word = text("code").unwrap_or_else(|| if own { code::SCRIPT } else { code::THROWN }.into());
    let message = match text("message") {
        Some(message) if own => sentence(&message),
        Some(message) => message,
        None => format!("{:?}", Dynamic::from(map.clone())),
    };
    let mut error = Error::new(word, message);
    if let Some(operation) = text("operation") {
        error = error.operation(operation);
    }
    if let Some(object) = text("object") {
        error = error.object(object);
    }
    if let Some(host) = text("host") {
        error = error.host(host);
    }
    if let Some(hint) = text("hint") {
        error = error.hint(hint);
    }
    match text("cause") {
        Some(cause) => error.cause(cause),
        None => error,
    }
}

/// Absent facts are `()` in scripts.
fn optional(fact: Option<&str>) -> Dynamic {
    fact.map_or(Dynamic::UNIT, |text| text.to_owned().into())
}

#[export_module(manifest)]
#[allow(clippy::needless_pass_by_value)]
mod error_functions {
    /// The stable word of the error, such as `no_domain`, fit for comparison.
    ///
    /// ```rhai
    /// try { domain("nope") } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(get = "code", pure)]
    pub fn get_code(error: &mut Error) -> String {
        error.code().to_owned()
    }

    /// The error in one sentence.
    ///
    /// ```rhai
    /// try { domain("nope") } catch (e) { print(e.message) }
    /// ```
    #[rhai_fn(get = "message", pure)]
    pub fn get_message(error: &mut Error) -> String {
        error.to_string()
    }

    /// The part of libvirt that reported it, such as `qemu` or `rpc`, or `()`.
    ///
    /// ```rhai
    /// try { domain("nope") } catch (e) { print(e.domain) }
    /// ```
    #[rhai_fn(get = "domain", pure)]
    pub fn get_domain(error: &mut Error) -> Dynamic {
        optional(error.facts().domain.as_deref())
    }

    /// The operation that failed, such as `domain.start`, or `()`.
    ///
    /// ```rhai
    /// try { domain("nope") } catch (e) { print(e.operation) }
    /// ```
    #[rhai_fn(get = "operation", pure)]
    pub fn get_operation(error: &mut Error) -> Dynamic {
        optional(error.facts().operation.as_deref())
    }

    /// The object that it was about, such as `web1`, or `()`.
    ///
    /// ```rhai
    /// try { domain("nope") } catch (e) { print(e.object) }
    /// ```
    #[rhai_fn(get = "object", pure)]
    pub fn get_object(error: &mut Error) -> Dynamic {
        optional(error.facts().object.as_deref())
    }

    /// The URI of the connection, or `()`.
    ///
    /// ```rhai
    /// try { domain("nope") } catch (e) { print(e.host) }
    /// ```
    #[rhai_fn(get = "host", pure)]
    pub fn get_host(error: &mut Error) -> Dynamic {
        optional(error.facts().host.as_deref())
    }

    /// What to do about it, or `()`.
    ///
    /// ```rhai
    /// try { domain("nope") } catch (e) { print(e.hint) }
    /// ```
    #[rhai_fn(get = "hint", pure)]
    pub fn get_hint(error: &mut Error) -> Dynamic {
        optional(error.facts().hint.as_deref())
    }

    /// The error below this one in its own words, or `()`.
    ///
    /// ```rhai
    /// try { connect("nope:///x").hostname() } catch (e) { print(e.cause) }
    /// ```
    #[rhai_fn(get = "cause", pure)]
    pub fn get_cause(error: &mut Error) -> Dynamic {
        optional(error.facts().cause.as_deref())
    }

    /// The error in one sentence, as for `message`.
    ///
    /// ```rhai
    /// try { domain("nope") } catch (e) { print(e.to_string()) }
    /// ```
    #[rhai_fn(name = "to_string", name = "to_debug", pure)]
    pub fn to_string(error: &mut Error) -> String {
        error.to_string()
    }

    /// Turns whatever was caught into an `Error`: Rhai's own errors, thrown strings and maps.
    ///
    /// ```rhai
    /// try { throw "too late" } catch (e) { print(error(e).code) }
    /// ```
    #[rhai_fn(name = "error")]
    pub fn make_error(caught: Dynamic) -> Error {
        from_thrown(&caught)
    }

    /// Runs a closure and returns `#{ ok: true, value }` or `#{ ok: false, error }`.
    ///
    /// An interruption and a passed deadline are not caught.
    ///
    /// ```rhai
    /// let r = attempt(|| domain("nope"));
    /// if !r.ok { print(r.error.code) }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn attempt(context: NativeCallContext, closure: FnPtr) -> Fallible<Map> {
        let mut map = Map::new();
        match closure.call_within_context::<Dynamic>(&context, ()) {
            Ok(value) => {
                map.insert("ok".into(), true.into());
                map.insert("value".into(), value);
            }
            Err(error) if is_final(&error) => return Err(error),
            Err(error) => {
                map.insert("ok".into(), false.into());
                map.insert("error".into(), Dynamic::from(from_rhai(&error)));
            }
        }
        Ok(map)
    }
}

/// True for errors that a script must not hold up: interruption, deadline, `exit()`.
pub(crate) fn is_final(error: &EvalAltResult) -> bool {
    matches!(innermost(error), EvalAltResult::ErrorTerminated(..))
}

#[cfg(test)]
mod tests {
    use rhai::Engine;

    use super::*;
    use crate::lang::natives::Docs;

    #[test]
    fn whatever_is_thrown_becomes_an_error() {
        assert_eq!(from_thrown(&"too late".into()).code(), code::THROWN);
        let mut map = Map::new();
        map.insert("code".into(), "mine".into());
        map.insert("message".into(), "sentence".into());
        map.insert("hint".into(), "do this".into());
        let error = from_thrown(&map.into());
        assert_eq!((error.code(), error.to_string().as_str()), ("mine", "sentence"));
        assert_eq!(error.facts().hint.as_deref(), Some("do this"));
    }

    #[test]
    fn rhais_own_errors_are_script_errors_without_their_position() {
        let error = Engine::new().eval::<()>("let a = 1 / 0;").unwrap_err();
        let error = from_rhai(&error);
        assert_eq!(error.code(), code::SCRIPT);
        assert!(!error.to_string().contains("line 1"), "{error}");
        let mut engine = Engine::new();
        Natives::bind(&mut engine, Docs::Dropped, register);
        let script = "fn f() { 1 / 0 } let m = (); try { f() } catch (e) { m = error(e).message } m";
        assert_eq!(engine.eval::<String>(script).unwrap(), "Division by zero: 1 / 0");
    }
}
