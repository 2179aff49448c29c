//! Finding and defining secrets.

use rhai::plugin::{Dynamic, export_module};
use rhai::{Array, ImmutableString, Map};

use super::USAGE_TYPES;
use crate::api::subject::of;
use crate::api::{Fallible, definition_text, names};
use crate::error::{Error, Result};
use crate::lang::natives::Natives;
use crate::lang::options::{OptionTable, Parsed, boolean, flag, text, word};
use crate::libvirt::{Connection, Secret, sys};

pub(super) fn register(natives: &mut Natives) {
    natives.global(&secret_finders::RHAI_MANIFEST);
}

pub(super) const OPTIONS: &[&OptionTable] = &[&SECRETS, &DEFINE];

static SECRETS: OptionTable = OptionTable {
    function: "Connection.secrets",
    options: &[
        text("usage_id", "Only secrets for what fits this pattern, with `*`, `?` and `[…]`."),
        word("usage_type", USAGE_TYPES, "Only secrets for this kind of thing."),
        boolean("ephemeral", "Only secrets that are kept in memory alone, or with false only stored ones."),
        boolean("private_", "Only secrets whose value nobody is given, or with false only the others."),
    ],
};

static DEFINE: OptionTable = OptionTable {
    function: "Connection.define_secret",
    options: &[flag(
        "validate",
        sys::VIR_SECRET_DEFINE_VALIDATE,
        "Checks the XML against libvirt's schema (libvirt 7.7.0).",
    )],
};

/// The bits of each choice: for true, for false.
const CHOICES: &[(&str, u32, u32)] = &[
    ("ephemeral", sys::VIR_CONNECT_LIST_SECRETS_EPHEMERAL, sys::VIR_CONNECT_LIST_SECRETS_NO_EPHEMERAL),
    ("private_", sys::VIR_CONNECT_LIST_SECRETS_PRIVATE, sys::VIR_CONNECT_LIST_SECRETS_NO_PRIVATE),
];

/// Finds a secret by its UUID, or by what it alone is used for.
fn find(connection: &Connection, wanted: &str) -> Result<Secret> {
    if names::is_uuid(wanted) {
        return connection.secret_by_uuid(wanted);
    }
    let all = connection.secrets(0)?;
    let mut fitting = all.iter().filter(|secret| secret.label() == wanted);
    match (fitting.next(), fitting.next()) {
        (Some(one), None) => Ok(one.clone()),
        (Some(_), Some(_)) => {
            Err(about(connection, "usage", format!("there are several secrets for {wanted:?}"), wanted)
                .hint(format!("say for what kind of thing: secret(\"volume\", {wanted:?})")))
        }
        _ => {
            let error = about(connection, "no_secret", format!("there is no secret for {wanted:?}"), wanted);
            let labels = || Ok(all.iter().map(|secret| secret.label().to_owned()).collect());
            Err(names::suggest(error, wanted, "secrets()", labels))
        }
    }
}

fn about(connection: &Connection, code: &'static str, message: String, wanted: &str) -> Error {
    Error::new(code, message).operation("secret.lookup").object(wanted).host(connection.uri())
}

fn list(connection: &Connection, options: &Parsed) -> Result<Array> {
    let mut secrets = connection.secrets(names::chosen(options, CHOICES)?)?;
    if let Some(wanted) = options.get_text("usage_type")? {
        let usages = secrets.iter().map(super::usage).collect::<Result<Vec<_>>>()?;
        let mut usages = usages.into_iter();
        secrets.retain(|_| usages.next().is_some_and(|(kind, _)| kind == wanted));
    }
    names::list(secrets, options.get_text("usage_id")?.as_deref())
}

#[export_module(manifest)]
#[allow(clippy::unwrap_used, reason = "in the code that export_module writes")]
mod secret_finders {
    /// A secret by UUID, or by what it alone is used for (`virSecretLookupByUUIDString`).
    ///
    /// Errors: `no_secret`, with the nearest one as a hint; `usage` where several are used for it.
    ///
    /// ```rhai
    /// try { print(conn().secret("client.admin").uuid) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn secret(connection: &mut Connection, name: Dynamic) -> Fallible<Secret> {
        Ok(find(connection, &names::text("secret", "a UUID or what it is used for", &name)?)?)
    }

    /// A secret by what it is used for (`virSecretLookupByUsage`).
    ///
    /// The types are `volume`, `ceph`, `iscsi`, `tls` and `vtpm`.
    ///
    /// Errors: `no_secret`; `usage` for a word that is no type.
    ///
    /// ```rhai
    /// try { print(conn().secret("ceph", "client.admin").uuid) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "secret", return_raw, pure)]
    pub fn secret_by_usage(
        connection: &mut Connection,
        usage_type: ImmutableString,
        usage_id: ImmutableString,
    ) -> Fallible<Secret> {
        let number = names::place("something that a secret is used for", USAGE_TYPES, &usage_type);
        let number = number.map_err(of("secret.lookup", connection))?;
        Ok(connection.secret_by_usage(number as u32, &usage_id)?)
    }

    /// All secrets, sorted by what they are used for (`virConnectListAllSecrets`).
    ///
    /// Errors: `unsupported` where the driver has none.
    ///
    /// @returns [Secret]
    ///
    /// ```rhai
    /// try { for s in conn().secrets() { print(s.usage_id) } } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn secrets(connection: &mut Connection) -> Fallible<Array> {
        Ok(list(connection, &SECRETS.read(Map::new())?)?)
    }

    /// The secrets that fit the options, sorted by what they are used for (`virConnectListAllSecrets`).
    ///
    /// Errors: `unsupported` where the driver has none.
    ///
    /// @returns [Secret]
    ///
    /// ```rhai
    /// try { print(conn().secrets(#{ usage_type: "ceph", private_: false })) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "secrets", return_raw, pure)]
    pub fn secrets_with(connection: &mut Connection, options: Map) -> Fallible<Array> {
        Ok(list(connection, &SECRETS.read(options)?)?)
    }

    /// Stores a secret, new or changed; its value is set with `set_value` (`virSecretDefineXML`).
    ///
    /// The definition is XML, as text or as a document.
    ///
    /// Errors: `xml_error` and its relatives for a definition that libvirt does not accept; `unsupported`
    /// where the driver has no secrets.
    ///
    /// ```rhai
    /// try {
    ///     let secret = conn().define_secret("<secret><usage type='ceph'><name>client.a</name></usage></secret>");
    ///     secret.set_value(fs::read_blob("/run/keys/ceph"));
    /// } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn define_secret(connection: &mut Connection, definition: Dynamic) -> Fallible<Secret> {
        Ok(connection
            .define_secret(&definition_text(&definition).map_err(of("secret.define", connection))?, 0)?)
    }

    /// Stores a secret, with options (`virSecretDefineXML`).
    ///
    /// Errors: `xml_error` and its relatives for a definition that libvirt does not accept; `unsupported`
    /// where the driver has no secrets.
    ///
    /// ```rhai
    /// try { conn().define_secret("<secret/>", #{ validate: true }) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "define_secret", return_raw, pure)]
    pub fn define_secret_with(
        connection: &mut Connection,
        definition: Dynamic,
        options: Map,
    ) -> Fallible<Secret> {
        let options = DEFINE.read(options)?;
        Ok(connection.define_secret(
            &definition_text(&definition).map_err(of("secret.define", connection))?,
            options.flags(),
        )?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::test_script::TestScript;

    #[test]
    fn usage_types_stand_at_their_numbers() {
        let number = |word| names::place("a type", USAGE_TYPES, word).unwrap() as u32;
        assert_eq!(number("volume"), sys::VIR_SECRET_USAGE_TYPE_VOLUME);
        assert_eq!(number("vtpm"), sys::VIR_SECRET_USAGE_TYPE_VTPM);
    }

    #[test]
    fn where_there_are_no_secrets_every_call_says_so() {
        let script = TestScript::new();
        for call in [
            "secret(\"client.admin\")",
            "secret(\"00000000-0000-4000-8000-000000000001\")",
            "secret(\"ceph\", \"client.admin\")",
            "secrets()",
            "secrets(#{ usage_type: \"ceph\", private_: true })",
            "conn().define_secret(\"<secret/>\")",
            "conn().define_secret(\"<secret/>\", #{ validate: true })",
        ] {
            assert_eq!(script.refusal(call).0, "unsupported", "{call}");
        }
        assert_eq!(script.refusal("secret(7)").0, "usage");
        assert_eq!(script.refusal("secret(\"cehp\", \"x\")").1, "did you mean \"ceph\"?");
        assert_eq!(script.refusal("secrets(#{ usage_type: \"cehp\" })").0, "usage");
    }
}
