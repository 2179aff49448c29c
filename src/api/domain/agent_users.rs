//! The users of the system in a guest: their passwords and SSH keys.

use rhai::plugin::{Dynamic, ImmutableString, export_module};
use rhai::{Array, Map};

use crate::api::Fallible;
use crate::api::subject::of;
use crate::error::{Error, Result};
use crate::lang::natives::Natives;
use crate::lang::options::{OptionTable, flag};
use crate::libvirt::{Domain, KeyChange, sys};

pub(super) fn register(natives: &mut Natives) {
    natives.global(&domain_users::RHAI_MANIFEST);
}

pub(super) const OPTIONS: &[&OptionTable] = &[&PASSWORD];

static PASSWORD: OptionTable = OptionTable {
    function: "Domain.set_user_password",
    options: &[flag(
        "encrypted",
        sys::VIR_DOMAIN_PASSWORD_ENCRYPTED,
        "The password is encrypted already, as the guest's system does it.",
    )],
};

fn keys(given: &Dynamic) -> Result<Vec<String>> {
    let wrong =
        || Error::usage("SSH keys are a text or an array of texts").hint("one line of a .pub file each");
    if let Ok(text) = given.as_immutable_string_ref() {
        return Ok(text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect());
    }
    let array = given.read_lock::<Array>().ok_or_else(wrong)?;
    array.iter().map(|key| key.clone().into_string().map_err(|_| wrong())).collect()
}

fn change_keys(vm: &Domain, user: &str, given: &Dynamic, how: KeyChange) -> Fallible<()> {
    let operation = match how {
        KeyChange::Replace => "domain.set_authorized_ssh_keys",
        KeyChange::Add => "domain.add_authorized_ssh_keys",
        KeyChange::Remove => "domain.remove_authorized_ssh_keys",
    };
    let keys = keys(given).map_err(of(operation, vm))?;
    Ok(vm.change_authorized_ssh_keys(user, &keys, how)?)
}

#[export_module(manifest)]
#[allow(clippy::needless_pass_by_value)]
mod domain_users {
    /// Sets the password of a user in the guest (`virDomainSetUserPassword`).
    ///
    /// Errors: `agent_unresponsive` where there is no agent, `agent_command_failed` with its words where it
    /// refuses, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { domain("test").set_user_password("root", "secret") } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn set_user_password(
        vm: &mut Domain,
        user: ImmutableString,
        password: ImmutableString,
    ) -> Fallible<()> {
        Ok(vm.set_user_password(&user, &password, 0)?)
    }

    /// Sets the password of a user in the guest, with options (`virDomainSetUserPassword`).
    ///
    /// Errors: `agent_unresponsive` where there is no agent, `agent_command_failed` with its words where it
    /// refuses, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// try { vm.set_user_password("root", "$6$salt$hash", #{ encrypted: true }) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "set_user_password", return_raw, pure)]
    pub fn set_user_password_with(
        vm: &mut Domain,
        user: ImmutableString,
        password: ImmutableString,
        options: Map,
    ) -> Fallible<()> {
        Ok(vm.set_user_password(&user, &password, PASSWORD.read(options)?.flags())?)
    }

    /// The SSH keys that a user of the guest may log in with (`virDomainAuthorizedSSHKeysGet`).
    ///
    /// Errors: `agent_unresponsive` where there is no agent, `agent_command_failed` with its words for a user that
    /// does not exist or has no file of keys, `unsupported` where the driver cannot tell.
    ///
    /// @returns [String]
    ///
    /// ```rhai
    /// try { print(domain("test").authorized_ssh_keys("root").len()) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn authorized_ssh_keys(vm: &mut Domain, user: ImmutableString) -> Fallible<Array> {
        Ok(vm.authorized_ssh_keys(&user)?.into_iter().map(Dynamic::from).collect())
    }

    /// Replaces all SSH keys that a user of the guest may log in with (`virDomainAuthorizedSSHKeysSet`).
    ///
    /// The keys are an array of texts, or the text of a file with one on each line.
    ///
    /// Errors: `agent_unresponsive` where there is no agent, `agent_command_failed` with its words where it
    /// refuses, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// try { vm.set_authorized_ssh_keys("root", ["ssh-ed25519 AAAA me"]) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn set_authorized_ssh_keys(vm: &mut Domain, user: ImmutableString, keys: Dynamic) -> Fallible<()> {
        change_keys(vm, &user, &keys, KeyChange::Replace)
    }

    /// Adds SSH keys that a user of the guest may log in with (`virDomainAuthorizedSSHKeysSet`).
    ///
    /// The keys are an array of texts, or the text of a file with one on each line; one that is there
    /// already stays once.
    ///
    /// Errors: `agent_unresponsive` where there is no agent, `agent_command_failed` with its words where it
    /// refuses, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// try { vm.add_authorized_ssh_keys("root", ["ssh-ed25519 AAAA me"]) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn add_authorized_ssh_keys(vm: &mut Domain, user: ImmutableString, keys: Dynamic) -> Fallible<()> {
        change_keys(vm, &user, &keys, KeyChange::Add)
    }

    /// Takes SSH keys away that a user of the guest may log in with (`virDomainAuthorizedSSHKeysSet`).
    ///
    /// Errors: `agent_unresponsive` where there is no agent, `agent_command_failed` with its words where it
    /// refuses, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// try { vm.remove_authorized_ssh_keys("root", ["ssh-ed25519 AAAA me"]) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn remove_authorized_ssh_keys(vm: &mut Domain, user: ImmutableString, keys: Dynamic) -> Fallible<()> {
        change_keys(vm, &user, &keys, KeyChange::Remove)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_an_array_or_the_lines_of_a_file() {
        assert_eq!(keys(&"a\n\nb\n".into()).unwrap(), ["a", "b"]);
        assert_eq!(keys(&vec![Dynamic::from("a")].into()).unwrap(), ["a"]);
        assert_eq!(keys(&Dynamic::TRUE).unwrap_err().code(), "usage");
        assert_eq!(keys(&vec![Dynamic::TRUE].into()).unwrap_err().code(), "usage");
    }
}
