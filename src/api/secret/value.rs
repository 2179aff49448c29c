//! The value of a secret in scripts: it has a length and can be compared, and shows only when told to.

use rhai::Blob;
use rhai::plugin::{Dynamic, export_module};

use crate::api::Fallible;
use crate::error::{Error, Result};
use crate::lang::natives::Natives;
use crate::libvirt::SecretValue;

pub(super) fn register(natives: &mut Natives) {
    natives.engine().register_type_with_name::<SecretValue>("SecretValue");
    natives.global(&secret_value::RHAI_MANIFEST);
}

/// The value that a script gives.
pub(super) fn given(value: &Dynamic) -> Result<SecretValue> {
    if let Some(value) = value.read_lock::<SecretValue>() {
        return Ok(value.clone());
    }
    if let Some(blob) = value.read_lock::<Blob>() {
        return Ok(SecretValue::new(&blob));
    }
    match value.as_immutable_string_ref() {
        Ok(text) => Ok(SecretValue::new(text.as_bytes())),
        Err(given) => Err(Error::usage(format!("the value of a secret is a text or a blob, not {given}"))
            .operation("secret.set_value")),
    }
}

#[export_module(manifest)]
#[allow(clippy::needless_pass_by_value)]
mod secret_value {
    /// The length of the value in bytes.
    ///
    /// ```rhai
    /// try { print(secrets()[0].value().len()) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(pure)]
    pub fn len(value: &mut SecretValue) -> i64 {
        value.bytes().len() as i64
    }

    /// A copy of the value as a text, which is no longer kept from showing.
    ///
    /// Errors: `usage` for a value that is not UTF-8; `blob()` gives its bytes.
    ///
    /// ```rhai
    /// try { let key = secrets()[0].value().text() } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn text(value: &mut SecretValue) -> Fallible<String> {
        let text = std::str::from_utf8(value.bytes()).map_err(|_| {
            Error::usage("the value of this secret is not a text in UTF-8").hint("blob() gives its bytes")
        })?;
        Ok(text.to_owned())
    }

    /// A copy of the value as bytes, which are no longer kept from showing.
    ///
    /// ```rhai
    /// try { let key = secrets()[0].value().blob() } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(pure)]
    pub fn blob(value: &mut SecretValue) -> Blob {
        value.bytes().to_vec()
    }

    /// What `print` shows instead of the value: how long it is.
    ///
    /// ```rhai
    /// try { print(secrets()[0].value().to_string()) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(pure)]
    pub fn to_string(value: &mut SecretValue) -> String {
        value.to_string()
    }

    /// What a debug output shows instead of the value: how long it is.
    ///
    /// ```rhai
    /// try { print(secrets()[0].value().to_debug()) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(pure)]
    pub fn to_debug(value: &mut SecretValue) -> String {
        format!("{value:?}")
    }

    /// Whether two values are the same.
    #[rhai_fn(name = "==")]
    pub fn equal(a: SecretValue, b: SecretValue) -> bool {
        a == b
    }

    /// Whether two values differ.
    #[rhai_fn(name = "!=")]
    pub fn differs(a: SecretValue, b: SecretValue) -> bool {
        a != b
    }
}

#[cfg(test)]
mod tests {
    use crate::api::test_script::TestScript;

    use super::*;

    #[test]
    fn a_value_is_given_as_text_or_bytes() {
        assert_eq!(given(&"hunter2".into()).unwrap().bytes(), b"hunter2");
        assert_eq!(given(&Dynamic::from_blob(vec![0, 255])).unwrap().bytes(), [0, 255]);
        let again = given(&Dynamic::from(SecretValue::new(b"x"))).unwrap();
        assert_eq!(again.bytes(), b"x");
        assert_eq!(given(&7.into()).unwrap_err().code(), "usage");
    }

    /// What a script makes of a value.
    fn shown(script: &str) -> String {
        let node = TestScript::new();
        let value = Dynamic::from(SecretValue::new(b"hunter2"));
        node.text_with("key", value, script)
    }

    #[test]
    fn a_value_shows_only_when_told_to() {
        for script in [
            "key.to_string()",
            "`${key}`",
            "key.to_debug()",
            "[key].to_string()",
            "#{ k: key }.to_string()",
            "json::to_string([key, #{ k: key }])",
            "yaml::to_string(key)",
            "try { key.nonsense } catch (e) { error(e).message }",
            "try { throw key } catch (e) { json::to_string(error(e)) }",
        ] {
            let shown = shown(script);
            assert!(!shown.contains("hunter2") && !shown.contains("104"), "{script}: {shown}");
        }
        assert_eq!(shown("json::to_string(key)"), "\"7 bytes, not shown\"");
        assert_eq!(shown("key.text()"), "hunter2");
        assert_eq!(shown("key.blob().len() == key.len()"), "true");
        assert_eq!(shown("[key == key, key != key]"), "[true, false]");
    }
}
