//! What virsh asks of guests, in its order and with libvirt's own numbers.

use rhai::plugin::{Dynamic, NativeCallContext, export_module};
use rhai::{Array, Identifier, Map};

use super::{bits, parameters};
use crate::api::{Context, Fallible, words};
use crate::error::{Error, Result, code};
use crate::libvirt::choices::{self, Choices};
use crate::libvirt::{Domain, DomainColumns, DomainInfo, DomainRow, DomainStats, StatsOf, sys};

/// How bulk statistics are asked for; the bits that choose guests are those of lists.
const HOW: Choices = &[
    ("nowait", sys::VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT),
    ("backing", sys::VIR_CONNECT_GET_ALL_DOMAINS_STATS_BACKING),
    ("enforce", sys::VIR_CONNECT_GET_ALL_DOMAINS_STATS_ENFORCE_STATS),
];

const GUEST_INFO: Choices = &[
    ("users", sys::VIR_DOMAIN_GUEST_INFO_USERS),
    ("os", sys::VIR_DOMAIN_GUEST_INFO_OS),
    ("timezone", sys::VIR_DOMAIN_GUEST_INFO_TIMEZONE),
    ("hostname", sys::VIR_DOMAIN_GUEST_INFO_HOSTNAME),
    ("filesystem", sys::VIR_DOMAIN_GUEST_INFO_FILESYSTEM),
    ("disks", sys::VIR_DOMAIN_GUEST_INFO_DISKS),
    ("interfaces", sys::VIR_DOMAIN_GUEST_INFO_INTERFACES),
];

const JOB_STATS: Choices = &[
    ("completed", sys::VIR_DOMAIN_JOB_STATS_COMPLETED),
    ("keep_completed", sys::VIR_DOMAIN_JOB_STATS_KEEP_COMPLETED),
];

/// Running ones by number, then the others by name.
fn in_order(mut rows: Vec<DomainRow>) -> Vec<DomainRow> {
    rows.sort_by_cached_key(|row| match row.entry.id {
        Some(id) => (false, id, String::new()),
        None => (true, 0, row.entry.name.to_ascii_lowercase()),
    });
    rows
}

fn row_map(row: DomainRow, columns: DomainColumns) -> Dynamic {
    let DomainRow { entry, state, managed_save, title } = row;
    let mut map = Map::new();
    map.insert("id".into(), entry.id.map_or(Dynamic::UNIT, |id| Dynamic::from_int(id.into())));
    map.insert("name".into(), entry.name.into());
    map.insert("uuid".into(), entry.uuid.to_string().into());
    if columns.state {
        map.insert("state".into(), words::domain_state(state as i32).into_owned().into());
    }
    if columns.managed_save {
        map.insert("managed_save".into(), managed_save.into());
    }
    if columns.title {
        map.insert("title".into(), title.into());
    }
    map.into()
}

fn stats_map(stats: DomainStats) -> Dynamic {
    let params = parameters::texts(stats.params);
    Map::from([
        ("name".into(), stats.name.into()),
        ("uuid".into(), stats.uuid.to_string().into()),
        ("params".into(), params.into()),
    ])
    .into()
}

fn guest(vm: Dynamic) -> Result<Domain> {
    vm.try_cast::<Domain>().ok_or_else(|| Error::usage("a guest was expected"))
}

/// State, memory in bytes, virtual CPUs and CPU time.
fn usage(info: &DomainInfo) -> [(Identifier, Dynamic); 5] {
    let whole = |number: u64| Dynamic::from_int(i64::try_from(number).unwrap_or(i64::MAX));
    [
        ("state".into(), words::domain_state(info.state as i32).into_owned().into()),
        ("max_memory".into(), whole(info.max_memory)),
        ("memory".into(), whole(info.memory)),
        ("vcpus".into(), whole(info.vcpus.into())),
        ("cpu_time_ns".into(), whole(info.cpu_time_ns)),
    ]
}

/// What a call gave, or `()` where it could not.
fn if_told<T>(told: Result<T>, value: impl FnOnce(T) -> Dynamic) -> Result<Dynamic> {
    match told {
        Err(error) if !error.ends_the_run() => Ok(Dynamic::UNIT),
        told => told.map(value),
    }
}

#[export_module(manifest)]
pub(super) mod guest_functions {
    /// The guests that these words choose, in virsh's order.
    ///
    /// Each has `id`, `name`, `uuid` and of `columns` what is named: `state`, `managed_save`, `title`.
    ///
    /// Errors: libvirt's own; `usage` for a word that is not known.
    ///
    /// ```rhai
    /// print(vsh::guests(["active"], ["state"]));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn guests(context: NativeCallContext, words: Array, columns: Array) -> Fallible<Array> {
        let has = |name: &str| columns.iter().any(|column| column.to_string() == name);
        let columns = DomainColumns {
            state: has("state") || has("managed_save"),
            managed_save: has("managed_save"),
            title: has("title"),
        };
        let flags = super::bits(&words, &[choices::DOMAINS])?;
        let rows = Context::of(&context)?.connection().domain_rows(flags, columns)?;
        Ok(super::in_order(rows).into_iter().map(|row| super::row_map(row, columns)).collect())
    }

    /// What `dominfo` shows of a guest that was just found.
    ///
    /// What cannot be told is `()`; where that is what the guest uses, `error` says why.
    ///
    /// Errors: libvirt's own where the guest is gone.
    ///
    /// ```rhai
    /// print(vsh::facts(domain("test")).os_type);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn facts(vm: Domain) -> Fallible<Map> {
        let (name, id) = vm.found_as()?;
        let messages =
            if_told(vm.messages(0), |list| list.into_iter().map(Dynamic::from).collect::<Array>().into())?;
        let mut facts = Map::from([
            ("id".into(), id.map_or(Dynamic::UNIT, |id| Dynamic::from_int(id.into()))),
            ("name".into(), name.into()),
            ("uuid".into(), vm.key().to_string().into()),
            ("os_type".into(), if_told(vm.os_type(), Dynamic::from)?),
            ("persistent".into(), if_told(vm.is_persistent(), Dynamic::from)?),
            ("autostart".into(), if_told(vm.autostart(), Dynamic::from)?),
            ("managed_save".into(), if_told(vm.has_managed_save(), Dynamic::from)?),
            ("messages".into(), if messages.is_unit() { Array::new().into() } else { messages }),
        ]);
        match vm.info() {
            Ok(info) => facts.extend(usage(&info)),
            Err(error) if error.ends_the_run() => return Err(error.into()),
            Err(error) => drop(facts.insert("error".into(), Dynamic::from(error))),
        }
        Ok(facts)
    }

    /// The host's security driver and the label that it gave a guest.
    ///
    /// An empty map where the host has no such driver.
    ///
    /// Errors: libvirt's own.
    ///
    /// ```rhai
    /// print(vsh::security(domain("test")));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn security(vm: Domain) -> Fallible<Map> {
        let model = match vm.connection().security_model() {
            Err(error) if error.code() == code::UNSUPPORTED => return Ok(Map::new()),
            model => model?,
        };
        if model.model.is_empty() {
            return Ok(Map::new());
        }
        let label = vm.security_label()?;
        Ok(Map::from([
            ("security_model".into(), model.model.into()),
            ("security_doi".into(), model.doi.into()),
            ("security_label".into(), label.label.into()),
            ("enforcing".into(), label.enforcing.into()),
        ]))
    }

    /// Memory statistics of a guest as pairs of name and value, in the driver's order.
    ///
    /// The units are libvirt's.
    ///
    /// Errors: libvirt's own.
    ///
    /// ```rhai
    /// print(vsh::memory_stats(domain("test")));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn memory_stats(vm: Domain) -> Fallible<Array> {
        let stats = vm.memory_stats()?;
        let pair = |(tag, value): (i32, u64)| -> Dynamic {
            let name = crate::api::domain::memory_stat_name(tag);
            let value = i64::try_from(value).unwrap_or(i64::MAX);
            Array::from([name.into(), value.into()]).into()
        };
        Ok(stats.into_iter().map(pair).collect())
    }

    /// Bulk statistics as libvirt gives them.
    ///
    /// Each has `name`, `uuid` and `params`, pairs of name and text. `guests` is an array of guests, or `()` for those that
    /// `words` choose.
    ///
    /// Errors: libvirt's own; `usage` for a word that is not known.
    ///
    /// ```rhai
    /// print(vsh::stats((), ["state"], ["active"]));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn stats(
        context: NativeCallContext,
        guests: Dynamic,
        groups: Array,
        words: Array,
    ) -> Fallible<Array> {
        let connection = Context::of(&context)?.connection();
        let groups = crate::api::stats::group_bits(&groups)?;
        let flags = super::bits(&words, &[choices::DOMAINS, HOW])?;
        let stats = match guests.try_cast::<Array>() {
            None => connection.domain_stats(StatsOf::All, groups, flags)?,
            Some(guests) => {
                let guests = guests.into_iter().map(super::guest).collect::<Result<Vec<_>>>()?;
                connection.domain_stats(StatsOf::Guests(guests), groups, flags)?
            }
        };
        Ok(stats.into_iter().map(super::stats_map).collect())
    }

    /// What a guest tells about itself, as pairs of name and text in libvirt's order.
    ///
    /// No words mean everything.
    ///
    /// Errors: libvirt's own; `usage` for a word that is not known.
    ///
    /// ```rhai
    /// try { print(vsh::guest_info(domain("test"), ["os"])) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn guest_info(vm: Domain, words: Array) -> Fallible<Array> {
        let types = super::bits(&words, &[GUEST_INFO])?;
        Ok(parameters::texts(vm.guest_info(types)?))
    }

    /// What a guest is busy with: `type`, libvirt's number, and `params`, pairs of name and text.
    ///
    /// Errors: libvirt's own; `usage` for a word that is not known.
    ///
    /// ```rhai
    /// try { print(vsh::job_stats(domain("test"), ["completed"])) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn job_stats(vm: Domain, words: Array) -> Fallible<Map> {
        let flags = super::bits(&words, &[JOB_STATS])?;
        let stats = vm.job_stats(flags)?;
        Ok(Map::from([
            ("type".into(), i64::from(stats.kind).into()),
            ("params".into(), parameters::texts(stats.params).into()),
        ]))
    }
}
