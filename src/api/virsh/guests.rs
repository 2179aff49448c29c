//! What virsh asks of guests, in its order and with libvirt's own numbers.

use rhai::plugin::{Dynamic, ImmutableString, NativeCallContext, export_module};
use rhai::{Array, Map};

use super::parameters;
use crate::api::domain::open_files;
use crate::api::{Context, Fallible, words};
use crate::error::{Error, Result};
use crate::libvirt::{
    AgentPatience, Domain, DomainColumns, DomainRow, DomainStats, Metadata, MonitorCommand, sys,
};

/// Words that choose guests, and their bits.
const CHOICES: &[(&str, u32)] = &[
    ("active", sys::VIR_CONNECT_LIST_DOMAINS_ACTIVE),
    ("inactive", sys::VIR_CONNECT_LIST_DOMAINS_INACTIVE),
    ("persistent", sys::VIR_CONNECT_LIST_DOMAINS_PERSISTENT),
    ("transient", sys::VIR_CONNECT_LIST_DOMAINS_TRANSIENT),
    ("running", sys::VIR_CONNECT_LIST_DOMAINS_RUNNING),
    ("paused", sys::VIR_CONNECT_LIST_DOMAINS_PAUSED),
    ("shutoff", sys::VIR_CONNECT_LIST_DOMAINS_SHUTOFF),
    ("other", sys::VIR_CONNECT_LIST_DOMAINS_OTHER),
    ("managed_save", sys::VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE),
    ("no_managed_save", sys::VIR_CONNECT_LIST_DOMAINS_NO_MANAGEDSAVE),
    ("autostart", sys::VIR_CONNECT_LIST_DOMAINS_AUTOSTART),
    ("no_autostart", sys::VIR_CONNECT_LIST_DOMAINS_NO_AUTOSTART),
    ("has_snapshot", sys::VIR_CONNECT_LIST_DOMAINS_HAS_SNAPSHOT),
    ("no_snapshot", sys::VIR_CONNECT_LIST_DOMAINS_NO_SNAPSHOT),
    ("has_checkpoint", sys::VIR_CONNECT_LIST_DOMAINS_HAS_CHECKPOINT),
    ("no_checkpoint", sys::VIR_CONNECT_LIST_DOMAINS_NO_CHECKPOINT),
];

/// How bulk statistics are asked for; the bits that choose guests are those of lists.
const HOW: &[(&str, u32)] = &[
    ("nowait", sys::VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT),
    ("backing", sys::VIR_CONNECT_GET_ALL_DOMAINS_STATS_BACKING),
    ("enforce", sys::VIR_CONNECT_GET_ALL_DOMAINS_STATS_ENFORCE_STATS),
];

const GUEST_INFO: &[(&str, u32)] = &[
    ("users", sys::VIR_DOMAIN_GUEST_INFO_USERS),
    ("os", sys::VIR_DOMAIN_GUEST_INFO_OS),
    ("timezone", sys::VIR_DOMAIN_GUEST_INFO_TIMEZONE),
    ("hostname", sys::VIR_DOMAIN_GUEST_INFO_HOSTNAME),
    ("filesystem", sys::VIR_DOMAIN_GUEST_INFO_FILESYSTEM),
    ("disks", sys::VIR_DOMAIN_GUEST_INFO_DISKS),
    ("interfaces", sys::VIR_DOMAIN_GUEST_INFO_INTERFACES),
];

const JOB_STATS: &[(&str, u32)] = &[
    ("completed", sys::VIR_DOMAIN_JOB_STATS_COMPLETED),
    ("keep_completed", sys::VIR_DOMAIN_JOB_STATS_KEEP_COMPLETED),
];

/// The bits of words, from one table or another.
pub(super) fn bits(words: &Array, tables: &[&[(&str, u32)]]) -> Result<u32> {
    words.iter().try_fold(0, |bits, word| {
        let word = word.to_string();
        let known = tables.iter().copied().flatten().find(|(name, _)| *name == word);
        known.map(|(_, bit)| bits | bit).ok_or_else(|| Error::usage(format!("{word:?} is not known here")))
    })
}

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
        ("uuid".into(), stats.uuid.into()),
        ("params".into(), params.into()),
    ])
    .into()
}

fn guest(vm: Dynamic) -> Result<Domain> {
    vm.try_cast::<Domain>().ok_or_else(|| Error::usage("a guest was expected"))
}

fn piece(word: &str, uri: &str) -> Result<Metadata> {
    match word {
        "title" => Ok(Metadata::Title),
        "description" => Ok(Metadata::Description),
        "element" => Ok(Metadata::Element(uri.to_owned())),
        _ => Err(Error::usage(format!("{word:?} is no piece of metadata"))),
    }
}

fn texts(list: &Array) -> Vec<String> {
    list.iter().map(ToString::to_string).collect()
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
        let flags = super::bits(&words, &[CHOICES])?;
        let rows = Context::of(&context)?.connection().domain_rows(flags, columns)?;
        Ok(super::in_order(rows).into_iter().map(|row| super::row_map(row, columns)).collect())
    }

    /// State, memory, vCPUs and CPU time of a guest with one call.
    ///
    /// Errors: libvirt's own.
    ///
    /// ```rhai
    /// print(vsh::info(domain("test")));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn info(vm: Domain) -> Fallible<Map> {
        let info = vm.info()?;
        let whole = |number: u64| Dynamic::from_int(i64::try_from(number).unwrap_or(i64::MAX));
        Ok(Map::from([
            ("state".into(), words::domain_state(info.state as i32).into_owned().into()),
            ("max_memory".into(), whole(info.max_memory)),
            ("memory".into(), whole(info.memory)),
            ("vcpus".into(), whole(info.vcpus.into())),
            ("cpu_time_ns".into(), whole(info.cpu_time_ns)),
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
        let flags = super::bits(&words, &[CHOICES, HOW])?;
        let stats = match guests.try_cast::<Array>() {
            None => connection.domain_stats(groups, flags)?,
            Some(guests) => {
                let guests = guests.into_iter().map(super::guest).collect::<Result<Vec<_>>>()?;
                connection.domain_list_stats(&guests, groups, flags)?
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

    /// Sends QEMU's monitor a text, whatever it is, and returns the text of the answer.
    ///
    /// Errors: libvirt's own.
    ///
    /// ```rhai
    /// try { vsh::monitor_command(domain("test"), "info status", true) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn monitor_command(vm: Domain, text: ImmutableString, hmp: bool) -> Fallible<String> {
        let name = serde_json::from_str::<serde_json::Value>(&text).unwrap_or_default();
        let name = name.get("execute").and_then(serde_json::Value::as_str).unwrap_or_default();
        let text = text.into_owned();
        let command = if hmp { MonitorCommand::Human(text) } else { MonitorCommand::Protocol(text) };
        Ok(vm.qemu_monitor_command(command, name, Vec::new())?)
    }

    /// Does the same with files that this process has open, by their numbers.
    ///
    /// Errors: libvirt's own; `usage` for a number that is no open file.
    ///
    /// ```rhai
    /// try { vsh::monitor_command(domain("test"), "{}", false, [1]) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "monitor_command", return_raw)]
    pub fn monitor_command_with_files(
        context: NativeCallContext,
        vm: Domain,
        text: ImmutableString,
        hmp: bool,
        files: Dynamic,
    ) -> Fallible<String> {
        let files = open_files(&context, "domain.qemu_monitor_command", &files, true)?;
        let files = files.into_iter().map(std::fs::File::from).collect();
        let text = text.into_owned();
        let command = if hmp { MonitorCommand::Human(text) } else { MonitorCommand::Protocol(text) };
        Ok(vm.qemu_monitor_command(command, "", files)?)
    }

    /// Sends the guest's agent a text, whatever it is, and returns the text of the answer.
    ///
    /// `patience` is libvirt's number: seconds, -2 to wait for ever, -1 for the usual time, 0 for not at all.
    ///
    /// Errors: libvirt's own.
    ///
    /// ```rhai
    /// try { vsh::agent_command(domain("test"), "{}", -1) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn agent_command(vm: Domain, text: ImmutableString, patience: i64) -> Fallible<String> {
        let number = i32::try_from(patience)
            .map_err(|_| Error::usage(format!("{patience} is no number of seconds")))?;
        Ok(vm.agent_command_text(&text, AgentPatience::Number(number))?)
    }

    /// Sets how long libvirt waits for the agent, as libvirt's number.
    ///
    /// Errors: libvirt's own.
    ///
    /// ```rhai
    /// try { vsh::agent_timeout(domain("test"), -2) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn agent_timeout(vm: Domain, patience: i64) -> Fallible<()> {
        let number = i32::try_from(patience)
            .map_err(|_| Error::usage(format!("{patience} is no number of seconds")))?;
        Ok(vm.set_agent_response_timeout(AgentPatience::Number(number))?)
    }

    /// A piece of a guest's metadata, with libvirt's own error where it is not there.
    ///
    /// The piece is `title`, `description` or the `element` of a namespace.
    ///
    /// Errors: libvirt's own; `usage` for another word.
    ///
    /// ```rhai
    /// try { vsh::metadata(domain("test"), "title", "", []) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn metadata(
        vm: Domain,
        piece: ImmutableString,
        uri: ImmutableString,
        affect: Array,
    ) -> Fallible<String> {
        let flags = super::bits(&affect, &[parameters::AFFECT])?;
        Ok(vm.required_metadata(&super::piece(&piece, &uri)?, flags)?)
    }

    /// Sets a piece of a guest's metadata; `()` as text removes it.
    ///
    /// Errors: libvirt's own; `usage` for another word.
    ///
    /// ```rhai
    /// vsh::set_metadata(domain("test"), "title", "web server", (), "", []);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn set_metadata(
        vm: Domain,
        piece: ImmutableString,
        text: Dynamic,
        key: Dynamic,
        uri: ImmutableString,
        affect: Array,
    ) -> Fallible<()> {
        let flags = super::bits(&affect, &[parameters::AFFECT])?;
        let (text, key) = (text.into_immutable_string().ok(), key.into_immutable_string().ok());
        Ok(vm.set_metadata(&super::piece(&piece, &uri)?, text.as_deref(), key.as_deref(), flags)?)
    }

    /// Plugs a device into a running guest with libvirt's first call, which has no flags.
    ///
    /// Errors: libvirt's own.
    ///
    /// ```rhai
    /// try { vsh::attach_device(domain("test"), "<disk/>") } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn attach_device(vm: Domain, device: ImmutableString) -> Fallible<()> {
        Ok(vm.attach_device_now(&device)?)
    }

    /// Unplugs a device of a running guest with libvirt's first call, which has no flags.
    ///
    /// Errors: libvirt's own.
    ///
    /// ```rhai
    /// try { vsh::detach_device(domain("test"), "<disk/>") } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn detach_device(vm: Domain, device: ImmutableString) -> Fallible<()> {
        Ok(vm.detach_device_now(&device)?)
    }

    /// Sends a process in a guest a signal by its number, whatever it is.
    ///
    /// Errors: libvirt's own.
    ///
    /// ```rhai
    /// try { vsh::send_process_signal(domain("test"), 2, 15) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn send_process_signal(vm: Domain, process: i64, signal: i64) -> Fallible<()> {
        Ok(vm.send_process_signal(process, signal as u32)?)
    }

    /// What a guest shows on a screen, as the driver gives it: `#{ mime, data }`.
    ///
    /// Errors: libvirt's own.
    ///
    /// ```rhai
    /// print(vsh::screenshot(domain("test"), 0).mime);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn screenshot(vm: Domain, screen: i64) -> Fallible<Map> {
        let shot = vm.screenshot(screen as u32)?;
        Ok(Map::from([("mime".into(), shot.mime.into()), ("data".into(), Dynamic::from_blob(shot.data))]))
    }

    /// Freezes file systems as virsh does: they stay frozen until somebody thaws them.
    ///
    /// Errors: libvirt's own.
    ///
    /// ```rhai
    /// try { vsh::fs_freeze(domain("test"), []) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn fs_freeze(vm: Domain, mountpoints: Array) -> Fallible<i64> {
        Ok(vm.fs_freeze_unguarded(&super::texts(&mountpoints))?.into())
    }

    /// Thaws file systems; no places mean all.
    ///
    /// Errors: libvirt's own.
    ///
    /// ```rhai
    /// try { vsh::fs_thaw(domain("test"), []) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn fs_thaw(vm: Domain, mountpoints: Array) -> Fallible<i64> {
        Ok(vm.fs_thaw_at(&super::texts(&mountpoints))?.into())
    }

    /// Takes CPUs of a guest online or offline through its agent; the list goes to libvirt as it is.
    ///
    /// Errors: libvirt's own.
    ///
    /// ```rhai
    /// try { vsh::set_guest_vcpus(domain("test"), "0-1", true) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn set_guest_vcpus(vm: Domain, cpus: ImmutableString, on: bool) -> Fallible<()> {
        Ok(vm.set_guest_vcpus(&cpus, on)?)
    }

    /// Plugs vCPUs in or out; the list goes to libvirt as it is.
    ///
    /// Errors: libvirt's own; `usage` for a word that is not known.
    ///
    /// ```rhai
    /// try { vsh::set_vcpu(domain("test"), "1", true, ["live"]) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn set_vcpu(vm: Domain, cpus: ImmutableString, on: bool, affect: Array) -> Fallible<()> {
        Ok(vm.set_vcpu(&cpus, on, super::bits(&affect, &[parameters::AFFECT])?)?)
    }
}
