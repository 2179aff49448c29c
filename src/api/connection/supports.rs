//! What the driver behind a connection has.

use std::sync::OnceLock;

use rhai::Engine;
use rhai::plugin::{ImmutableString, export_module};

use crate::api::Fallible;
use crate::error::{Error, Result};
use crate::lang::catalog::{Catalog, Entry, Origin};
use crate::lang::names::subject;
use crate::lang::natives::{Docs, Natives};
use crate::lang::suggest::nearest;
use crate::libvirt::{Connection, known_functions};

pub(super) fn register(natives: &mut Natives) {
    natives.global(&connection_support::RHAI_MANIFEST);
}

/// How many functions the hint about a word of several types names.
const FEW: usize = 6;

/// A property or method, with the function of libvirt that its documentation names.
struct Member {
    type_name: String,
    name: String,
    function: Option<&'static str>,
}

impl Member {
    fn read(entry: &Entry) -> Option<Self> {
        let type_name = entry.receiver.as_ref().filter(|_| entry.origin == Origin::Host)?.name().to_owned();
        let function = entry.overloads.iter().find_map(|overload| {
            let doc = overload.doc();
            std::iter::once(&doc.summary).chain(&doc.details).find_map(|text| function_in(text))
        });
        Some(Self { type_name, name: entry.name.clone(), function })
    }

    /// True for the type's name, its word in operations, and the variable that the documentation uses.
    fn is_of(&self, receiver: &str) -> bool {
        let word = subject(&self.type_name);
        let variable = match word.as_str() {
            "domain" => "vm",
            "connection" => "conn",
            _ => "",
        };
        [self.type_name.as_str(), &word, variable].contains(&receiver)
    }

    fn path(&self) -> String {
        format!("{}.{}", subject(&self.type_name), self.name)
    }
}

/// The first function of libvirt that a text names.
fn function_in(text: &str) -> Option<&'static str> {
    let mut words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| word.starts_with("vir"));
    words.find_map(|word| known_functions().find(|function| *function == word))
}

/// Every property and method. They are the same in each engine of a process, so they are read once.
fn members() -> &'static [Member] {
    static MEMBERS: OnceLock<Vec<Member>> = OnceLock::new();
    MEMBERS.get_or_init(|| {
        let mut engine = Engine::new();
        crate::api::register(&mut engine, Docs::Kept);
        let catalog = Catalog::from_engine(&engine, &[]);
        catalog.entries().iter().filter_map(Member::read).collect()
    })
}

/// The function that a name means: its own, or the member of a type that a script would use.
fn find(name: &str) -> Result<&'static str> {
    let plain = |name: &str| name.replace(['_', '.'], "").to_lowercase();
    let wanted = plain(name.strip_prefix("vir").unwrap_or(name));
    if let Some(found) = known_functions().find(|function| plain(&function[3..]) == wanted) {
        return Ok(found);
    }
    let members = members();
    let (receiver, member) = match name.rsplit_once('.') {
        Some((receiver, member)) => (Some(receiver), member),
        None => (None, name),
    };
    let named: Vec<&Member> = members
        .iter()
        .filter(|known| known.name == member && receiver.is_none_or(|receiver| known.is_of(receiver)))
        .collect();
    let mut functions: Vec<_> = named.iter().filter_map(|known| known.function).collect();
    functions.sort_unstable();
    functions.dedup();
    match functions[..] {
        [found] => Ok(found),
        [_, _, ..] => {
            let few: Vec<_> = named.iter().filter(|m| m.function.is_some()).map(|m| m.path()).collect();
            let few = &few[..few.len().min(FEW)];
            Err(Error::usage(format!("{name:?} is a member of several types"))
                .hint(format!("give one of {}", few.join(", "))))
        }
        [] if !named.is_empty() => Err(Error::usage(format!("{name:?} is not one function of libvirt"))
            .hint("it is made of other calls: ask for these")),
        [] => Err(Error::usage(format!("{name:?} is neither a function of libvirt nor a member of a type"))
            .hint(meant(name, receiver, member, members))),
    }
}

/// What may have been meant by a name that nothing has.
fn meant(name: &str, receiver: Option<&str>, member: &str, members: &[Member]) -> String {
    let near = match receiver {
        Some(receiver) => {
            let own = members.iter().filter(|known| known.function.is_some() && known.is_of(receiver));
            nearest(member, own.map(|known| known.name.as_str())).map(|near| format!("{receiver}.{near}"))
        }
        None if name.starts_with("vir") => nearest(name, known_functions()).map(str::to_owned),
        None => {
            let all = members.iter().filter(|known| known.function.is_some());
            nearest(member, all.map(|known| known.name.as_str())).map(str::to_owned)
        }
    };
    near.map_or_else(
        || "for example \"virDomainBlockCopy\" or \"domain.block_copy\"".to_owned(),
        |near| format!("did you mean {near:?}?"),
    )
}

#[export_module(manifest)]
#[allow(clippy::needless_pass_by_value)]
mod connection_support {
    /// Whether the driver behind the connection has a call, without trying it.
    ///
    /// The name is that of libvirt's function (`virDomainBlockCopy`) or of the method or property
    /// (`domain.block_copy`, `vm.block_copy`, `conn.stats`; without the type where only one has it). From
    /// libvirt's own table of drivers and versions; options of a call that the driver lacks are not in it.
    ///
    /// Errors: `usage` for a name that is none, `unsupported` for a driver that the table does not have.
    ///
    /// ```rhai
    /// if !conn().supports("domain.migrate") { print("no migration here") }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn supports(connection: &mut Connection, name: ImmutableString) -> Fallible<bool> {
        let function = find(&name).map_err(|e| e.operation("connection.supports"))?;
        Ok(Connection::supports(connection, function)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str) -> &'static str {
        find(name).unwrap_or_else(|error| panic!("{name}: {error:?}"))
    }

    fn refused(name: &str) -> (String, String) {
        let error = find(name).expect_err(name);
        (error.to_string(), error.facts().hint.clone().unwrap_or_default())
    }

    #[test]
    fn members_and_functions_are_one_name() {
        for name in
            ["virDomainBlockCopy", "Domain.block_copy", "domain.block_copy", "vm.block_copy", "block_copy"]
        {
            assert_eq!(found(name), "virDomainBlockCopy", "{name}");
        }
        for (name, function) in [
            ("vm.backup_begin", "virDomainBackupBegin"),
            ("conn.stats", "virConnectGetAllDomainStats"),
            ("connection.define_domain", "virDomainDefineXMLFlags"),
            ("pool.start", "virStoragePoolCreate"),
            ("StoragePool.create", "virStoragePoolCreate"),
            ("snapshot.revert", "virDomainRevertToSnapshot"),
            ("host.cpu_stats", "virNodeGetCPUStats"),
            ("vm.qemu_agent_command", "virDomainQemuAgentCommand"),
            ("vm.events", "virConnectDomainEventRegisterAny"),
            ("network.bridge", "virNetworkGetBridgeName"),
        ] {
            assert_eq!(found(name), function, "{name}");
        }
    }

    #[test]
    fn most_members_name_their_function() {
        let members = members();
        let without: Vec<_> = members.iter().filter(|member| member.function.is_none()).collect();
        assert!(without.len() * 3 < members.len(), "{} of {}", without.len(), members.len());
    }

    #[test]
    fn a_name_that_nothing_has_is_refused_with_the_nearest() {
        for (name, near) in [
            ("virDomainBlokCopy", "\"virDomainBlockCopy\""),
            ("vm.backup_bgin", "\"vm.backup_begin\""),
            ("pool.strat", "\"pool.start\""),
            ("bakup_begin", "\"backup_begin\""),
        ] {
            assert_eq!(refused(name).1, format!("did you mean {near}?"), "{name}");
        }
        // The end of a name is not the name.
        for name in ["", "Copy", "lockCopy", "domain.backup", "teleport", "nothing.start"] {
            assert!(refused(name).0.contains("is neither a function of libvirt nor"), "{name}");
        }
    }

    #[test]
    fn a_name_that_means_several_calls_or_none_says_so() {
        let (message, hint) = refused("stats");
        assert!(message.contains("several types"), "{message}");
        assert_eq!(hint, "give one of connection.stats, domain.stats");
        assert!(refused("vm.edit").0.contains("not one function"));
    }
}
