//! In whose name a connection makes its calls.

use rhai::Map;
use rhai::plugin::export_module;

use crate::api::Fallible;
use crate::api::params::typed;
use crate::lang::natives::Natives;
use crate::libvirt::{Connection, Params, Value};

pub(super) fn register(natives: &mut Natives) {
    natives.global(&connection_identity::RHAI_MANIFEST);
}

/// libvirt's names of what an identity is made of, with their types.
fn attributes() -> Params {
    let text = || Value::String(String::new());
    [
        ("user-name", text()),
        ("unix-user-id", Value::ULLong(0)),
        ("group-name", text()),
        ("unix-group-id", Value::ULLong(0)),
        ("process-id", Value::LLong(0)),
        ("process-time", Value::ULLong(0)),
        ("sasl-user-name", text()),
        ("x509-distinguished-name", text()),
        ("selinux-context", text()),
    ]
    .map(|(name, value)| (name.replace('-', "_"), value))
    .into()
}

#[export_module(manifest)]
#[allow(clippy::needless_pass_by_value)]
mod connection_identity {
    /// Makes the connection's calls in another name (`virConnectSetIdentity`).
    ///
    /// For a service that acts for its users: access rules then judge them. The map has `user_name`,
    /// `unix_user_id`, `group_name`, `unix_group_id`, `process_id`, `process_time` (in clock ticks since
    /// the machine started), `sasl_user_name`, `x509_distinguished_name`, `selinux_context`. It lasts as
    /// long as the connection, also when that was lost and opened again.
    ///
    /// Errors: `unsupported` for drivers without a daemon, `read_only` on a read-only connection, `usage`
    /// for another name.
    ///
    /// ```rhai
    /// try { conn().set_identity(#{ user_name: "alice", unix_user_id: 1000 }) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn set_identity(connection: &mut Connection, identity: Map) -> Fallible<()> {
        let typed =
            typed(&identity, &attributes()).map_err(|error| error.operation("connection.set_identity"))?;
        let identity = typed.into_iter().map(|(name, value)| (name.replace('_', "-"), value)).collect();
        Ok(Connection::set_identity(connection, identity)?)
    }
}

#[cfg(test)]
mod tests {
    use crate::api::test_script::TestScript;

    #[test]
    fn an_identity_is_checked_before_it_is_sent() {
        let script = TestScript::new();
        let (code, hint) = script.refusal("conn().set_identity(#{ username: \"alice\" })");
        assert_eq!((code.as_str(), hint.as_str()), ("usage", "did you mean `user_name`?"));
        assert_eq!(script.refusal("conn().set_identity(#{ unix_user_id: \"x\" })").0, "usage");
        assert_eq!(script.error("conn().set_identity(#{ user_name: \"alice\" })").code(), "unsupported");
    }
}
