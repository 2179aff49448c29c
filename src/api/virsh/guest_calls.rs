//! What virsh has guests do, with what it gives passed to libvirt as it is.

use rhai::plugin::{Dynamic, ImmutableString, NativeCallContext, export_module};
use rhai::{Array, Map};

use super::{bits, parameters};
use crate::api::Fallible;
use crate::api::domain::open_files;
use crate::error::{Error, Result};
use crate::libvirt::{AgentPatience, Domain, Metadata, MonitorCommand};

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
pub(super) mod guest_call_functions {
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

    /// Sets how many seconds libvirt waits for the agent; -2, -1 and 0 have libvirt's own meanings.
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
