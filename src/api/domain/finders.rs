//! Finding, defining and creating guests.

use rhai::plugin::{Dynamic, NativeCallContext, export_module};
use rhai::{Array, Map};

use super::actions::open_files;
use super::managed_by;
use crate::api::names::{self, Lookup, Wanted};
use crate::api::subject::of;
use crate::api::{Fallible, definition_text};
use crate::error::{Error, Result};
use crate::lang::natives::Natives;
use crate::lang::options::{OptionSpec, OptionTable, Parsed, boolean, flag, text, word};
use crate::libvirt::{Connection, Domain, choices, sys};

pub(super) fn register(natives: &mut Natives) {
    natives.global(&domain_finders::RHAI_MANIFEST);
}

pub(super) const OPTIONS: &[&OptionTable] = &[&DOMAINS, &DEFINE, &CREATE];

static DOMAINS: OptionTable = OptionTable { function: "Connection.domains", options: FILTERS };

const NAME: OptionSpec = text("name", "Only guests whose name fits this pattern, with `*`, `?` and `[…]`.");
const ACTIVE: OptionSpec =
    boolean("active", "Only guests that run or are paused, or with false only those that are off.");
const PERSISTENT: OptionSpec =
    boolean("persistent", "Only guests with a stored definition, or with false only transient ones.");
const STATE: OptionSpec =
    word("state", &["running", "paused", "shutoff", "other"], "Only guests in this state.");

/// What chooses guests from a list.
const FILTERS: &[OptionSpec] = &[
    NAME,
    ACTIVE,
    PERSISTENT,
    STATE,
    boolean("autostart", "Only guests that start with the host, or with false only the others."),
    boolean("managed_save", "Only guests with a managed save image, or with false only the others."),
    boolean("snapshot", "Only guests with snapshots, or with false only the others.").alias("has_snapshot"),
    boolean("checkpoint", "Only guests with checkpoints, or with false only the others.")
        .alias("has_checkpoint"),
    boolean("managed", "Only guests that something above libvirt manages, or with false only the others."),
];

/// What chooses guests where libvirt's bulk statistics do it: name, active, persistent and state.
pub(in crate::api) const STATS_FILTERS: [OptionSpec; 4] = [NAME, ACTIVE, PERSISTENT, STATE];

static DEFINE: OptionTable = OptionTable {
    function: "Connection.define_domain",
    options: &[flag("validate", sys::VIR_DOMAIN_DEFINE_VALIDATE, "Checks the XML against libvirt's schema.")],
};

static CREATE: OptionTable =
    OptionTable { function: "Connection.create_domain", options: super::lifecycle::START.options };

/// The words of each choice: for true, for false.
const CHOICES: &[(&str, &str, &str)] = &[
    ("active", "active", "inactive"),
    ("persistent", "persistent", "transient"),
    ("autostart", "autostart", "no_autostart"),
    ("managed_save", "managed_save", "no_managed_save"),
    ("snapshot", "has_snapshot", "no_snapshot"),
    ("checkpoint", "has_checkpoint", "no_checkpoint"),
];

/// The bits of a filter, and its pattern for names.
pub(in crate::api) fn selection(options: &Parsed) -> Result<(u32, Option<String>)> {
    let bit = |word: &str| choices::bit(choices::DOMAINS, word).unwrap_or(0);
    let mut flags = options.get_text("state")?.as_deref().map_or(0, bit);
    for &(name, yes, no) in CHOICES {
        if options.declares(name) {
            flags |= options.get_bool(name)?.map_or(0, |wanted| bit(if wanted { yes } else { no }));
        }
    }
    Ok((flags, options.get_text("name")?))
}

const LOOKUP: Lookup<virt::domain::Domain> = Lookup {
    missing: "no_domain",
    list: "domains()",
    by_name: Connection::domain_by_name,
    by_other: Some((names::is_uuid, Connection::domain_by_uuid)),
    names: |connection| Ok(names::labels(&connection.domains(0)?)),
};

/// Finds a guest by name, UUID or number.
pub(in crate::api) fn find(connection: &Connection, wanted: &Dynamic) -> Result<Domain> {
    match names::wanted("domain", wanted)? {
        Wanted::Number(id) => {
            let wrong = |_| Error::usage(format!("{id} is not the number of a guest"));
            let id = u32::try_from(id).map_err(wrong).map_err(of("domain.lookup", connection))?;
            connection.domain_by_id(id).map_err(|error| running_ids(connection, error))
        }
        Wanted::Name(name) => LOOKUP.find(connection, &name),
    }
}

/// Adds the numbers that there are to an error about one that there is not.
fn running_ids(connection: &Connection, error: Error) -> Error {
    const MOST: usize = 20;
    if error.code() != LOOKUP.missing {
        return error;
    }
    let hint = match connection.domain_ids(0).unwrap_or_default() {
        ids if ids.is_empty() => "no guest runs, and only those that run have a number".to_owned(),
        mut ids => {
            ids.sort_unstable();
            let more = if ids.len() > MOST { ", …" } else { "" };
            let ids: Vec<_> = ids.iter().take(MOST).map(ToString::to_string).collect();
            format!("the guests that run have the numbers {}{more}", ids.join(", "))
        }
    };
    error.replace_hint(hint)
}

fn list(connection: &Connection, options: &Parsed) -> Result<Array> {
    let (flags, pattern) = selection(options)?;
    let mut guests = connection.domains(flags)?;
    if let Some(managed) = options.get_bool("managed")? {
        guests = managed_by::filter(connection, guests, managed)?;
    }
    names::list(guests, pattern.as_deref())
}

#[export_module(manifest)]
#[allow(clippy::needless_pass_by_value)]
mod domain_finders {
    /// A guest by name, UUID or number (`virDomainLookupByName` and its relatives).
    ///
    /// Errors: `no_domain`, with the nearest name as a hint.
    ///
    /// ```rhai
    /// print(conn().domain("test").state)
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn domain(connection: &mut Connection, name: Dynamic) -> Fallible<Domain> {
        Ok(find(connection, &name)?)
    }

    /// All guests, sorted by name (`virConnectListAllDomains`).
    ///
    /// @returns [Domain]
    ///
    /// ```rhai
    /// for vm in conn().domains() { print(vm.name) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn domains(connection: &mut Connection) -> Fallible<Array> {
        Ok(list(connection, &DOMAINS.read(Map::new())?)?)
    }

    /// The guests that fit the options, sorted by name (`virConnectListAllDomains`).
    ///
    /// @returns [Domain]
    ///
    /// ```rhai
    /// for vm in conn().domains(#{ active: true, name: "t*" }) { print(vm.name) }
    /// ```
    #[rhai_fn(name = "domains", return_raw, pure)]
    pub fn domains_with(connection: &mut Connection, options: Map) -> Fallible<Array> {
        Ok(list(connection, &DOMAINS.read(options)?)?)
    }

    /// Stores the definition of a guest, new or changed (`virDomainDefineXMLFlags`).
    ///
    /// The definition is XML, as text or as a document. The guest is not started.
    ///
    /// Errors: `xml_error` and its relatives for a definition that libvirt does not accept.
    ///
    /// ```rhai
    /// let vm = conn().define_domain(`<domain type="test"><name>web9</name><memory>65536</memory>
    ///     <vcpu>1</vcpu><os><type>hvm</type></os></domain>`);
    /// print(vm.persistent)
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn define_domain(connection: &mut Connection, definition: Dynamic) -> Fallible<Domain> {
        Ok(connection
            .define_domain(&definition_text(&definition).map_err(of("domain.define", connection))?, 0)?)
    }

    /// Stores the definition of a guest, with options (`virDomainDefineXMLFlags`).
    ///
    /// Errors: `xml_error` and its relatives for a definition that libvirt does not accept.
    ///
    /// ```rhai
    /// let text = domain("test").xml.to_string();
    /// conn().define_domain(text, #{ validate: false });
    /// ```
    #[rhai_fn(name = "define_domain", return_raw, pure)]
    pub fn define_domain_with(
        connection: &mut Connection,
        definition: Dynamic,
        options: Map,
    ) -> Fallible<Domain> {
        let options = DEFINE.read(options)?;
        Ok(connection.define_domain(
            &definition_text(&definition).map_err(of("domain.define", connection))?,
            options.flags(),
        )?)
    }

    /// Starts a guest without storing its definition: it vanishes when it ends (`virDomainCreateXML`).
    ///
    /// Errors: `xml_error` and its relatives for a definition that libvirt does not accept.
    ///
    /// ```rhai
    /// let vm = conn().create_domain(`<domain type="test"><name>temp</name><memory>65536</memory>
    ///     <vcpu>1</vcpu><os><type>hvm</type></os></domain>`);
    /// print(vm.state)
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn create_domain(connection: &mut Connection, definition: Dynamic) -> Fallible<Domain> {
        Ok(connection
            .create_domain(&definition_text(&definition).map_err(of("domain.create", connection))?, 0)?)
    }

    /// Starts a guest without storing its definition, with options (`virDomainCreateXML`).
    ///
    /// Errors: `xml_error` and its relatives for a definition that libvirt does not accept.
    ///
    /// ```rhai
    /// let vm = conn().create_domain(`<domain type="test"><name>temp2</name><memory>65536</memory>
    ///     <vcpu>1</vcpu><os><type>hvm</type></os></domain>`, #{ paused: false });
    /// print(vm.state)
    /// ```
    #[rhai_fn(name = "create_domain", return_raw)]
    pub fn create_domain_with(
        context: NativeCallContext,
        connection: Connection,
        definition: Dynamic,
        options: Map,
    ) -> Fallible<Domain> {
        let options = CREATE.read(options)?;
        let definition = definition_text(&definition)?;
        match options.get_any("pass_fds")? {
            None => Ok(connection.create_domain(&definition, options.flags())?),
            Some(files) => {
                let files = open_files(&context, "domain.create", &files, false)?;
                Ok(connection.create_domain_with_files(&definition, files, options.flags())?)
            }
        }
    }
}
