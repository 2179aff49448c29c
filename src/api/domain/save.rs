//! Memory of guests in files: save and restore, managed save, core dumps.

use rhai::Map;
use rhai::plugin::{Dynamic, ImmutableString, export_module};

use crate::api::xml::XmlDocument;
use crate::api::{Fallible, definition_text, params, words};
use crate::error::Result;
use crate::lang::natives::Natives;
use crate::lang::options::{OptionSpec, OptionTable, Parsed, any, flag, int, word};
use crate::libvirt::{Connection, Domain, Job, SaveOptions, Value, sys};
use crate::xml::Document;

pub(super) fn register(natives: &mut Natives) {
    natives.global(&domain_save::RHAI_MANIFEST);
}

pub(super) const OPTIONS: &[&OptionTable] =
    &[&SAVE, &RESTORE, &MANAGED_SAVE, &IMAGE_XML, &IMAGE_DEFINE, &MANAGED_XML, &MANAGED_DEFINE, &CORE_DUMP];

const RUNNING: OptionSpec =
    flag("running", sys::VIR_DOMAIN_SAVE_RUNNING, "It runs when it comes back, whatever its state is now.");
const PAUSED: OptionSpec =
    flag("paused", sys::VIR_DOMAIN_SAVE_PAUSED, "It stays paused when it comes back, until resume().");
const BYPASS_CACHE: OptionSpec =
    flag("bypass_cache", sys::VIR_DOMAIN_SAVE_BYPASS_CACHE, "Goes past the file cache of the host.");
const XML: OptionSpec =
    any("xml", "A definition, as text or document, that takes the place of the one in the image.")
        .alias("dxml");
const CHANNELS: OptionSpec = int("parallel_channels", "Threads that write or read (libvirt 11.2.0).");
const SECURE: OptionSpec = flag(
    "secure",
    sys::VIR_DOMAIN_SAVE_IMAGE_XML_SECURE,
    "With passwords; refused on a read-only connection.",
)
.alias("security_info");

const IMAGE_FORMATS: &[&str] = &["raw", "gzip", "bzip2", "xz", "lzop", "zstd", "sparse"];

static SAVE: OptionTable = OptionTable {
    function: "Domain.save",
    options: &[
        BYPASS_CACHE,
        RUNNING,
        PAUSED,
        XML,
        word(
            "image_format",
            IMAGE_FORMATS,
            "How the file is written (libvirt 11.2.0); otherwise as configured.",
        ),
        CHANNELS,
    ],
};

static RESTORE: OptionTable = OptionTable {
    function: "Connection.restore",
    options: &[
        BYPASS_CACHE,
        RUNNING,
        PAUSED,
        flag("reset_nvram", sys::VIR_DOMAIN_SAVE_RESET_NVRAM, "Starts with a fresh NVRAM file."),
        XML,
        CHANNELS,
    ],
};

static MANAGED_SAVE: OptionTable =
    OptionTable { function: "Domain.managed_save", options: &[BYPASS_CACHE, RUNNING, PAUSED] };

static IMAGE_XML: OptionTable =
    OptionTable { function: "Connection.save_image_xml_desc", options: &[SECURE] };

static IMAGE_DEFINE: OptionTable =
    OptionTable { function: "Connection.save_image_define_xml", options: &[RUNNING, PAUSED] };

static MANAGED_XML: OptionTable =
    OptionTable { function: "Domain.managed_save_xml_desc", options: &[SECURE] };

static MANAGED_DEFINE: OptionTable =
    OptionTable { function: "Domain.managed_save_define_xml", options: &[RUNNING, PAUSED] };

/// The words of `virDomainCoreDumpFormat` at their numbers.
const DUMP_FORMATS: &[&str] = &["raw", "kdump-zlib", "kdump-lzo", "kdump-snappy", "win-dmp"];

static CORE_DUMP: OptionTable = OptionTable {
    function: "Domain.core_dump",
    options: &[
        flag("live", sys::VIR_DUMP_LIVE, "Lets the guest run meanwhile."),
        flag("crash", sys::VIR_DUMP_CRASH, "Ends the guest afterwards, as if it had crashed."),
        flag("reset", sys::VIR_DUMP_RESET, "Resets the guest afterwards."),
        BYPASS_DUMP_CACHE,
        flag("memory_only", sys::VIR_DUMP_MEMORY_ONLY, "Memory and registers only, for crash and gdb."),
        word("format", DUMP_FORMATS_AND_ELF, "With memory_only: how the file is written; elf is raw."),
    ],
};

const BYPASS_DUMP_CACHE: OptionSpec =
    flag("bypass_cache", sys::VIR_DUMP_BYPASS_CACHE, "Goes past the file cache of the host.");

/// virsh calls the raw format by what it is.
const DUMP_FORMATS_AND_ELF: &[&str] = &["elf", "raw", "kdump-zlib", "kdump-lzo", "kdump-snappy", "win-dmp"];

fn save_options(options: &Parsed) -> Result<SaveOptions> {
    let mut save = SaveOptions { flags: options.flags(), ..SaveOptions::default() };
    save.xml = options.get_any("xml")?.as_ref().map(definition_text).transpose()?;
    let mut add = |name: &std::ffi::CStr, value| save.params.push((name.to_string_lossy().into(), value));
    if options.declares("image_format")
        && let Some(format) = options.get_text("image_format")?
    {
        add(sys::VIR_DOMAIN_SAVE_PARAM_IMAGE_FORMAT, Value::String(format));
    }
    if let Some(channels) = options.get_int("parallel_channels")? {
        let channels = params::int("parallel_channels", channels)?;
        add(sys::VIR_DOMAIN_SAVE_PARAM_PARALLEL_CHANNELS, channels);
    }
    Ok(save)
}

fn dump(vm: &Domain, file: &str, options: &Parsed) -> Result<Job> {
    let format = options.get_text("format")?;
    let number = |word: &str| words::number(DUMP_FORMATS, word).unwrap_or(0);
    vm.core_dump(file, format.as_deref().map(number), options.flags())
}

fn document(text: &str) -> Fallible<XmlDocument> {
    Ok(Document::parse(text)?.into())
}

#[export_module(manifest)]
#[allow(clippy::needless_pass_by_value)]
mod domain_save {
    /// Saves the memory of the guest to a file of the host and ends it (`virDomainSave`).
    ///
    /// Returns at once with the job that does it. `conn().restore(file)` brings the guest back.
    ///
    /// Errors: those of the job's `wait`: `operation_invalid` when the guest does not run, `operation_failed` when the
    /// file cannot be written.
    ///
    /// ```rhai
    /// let job = domain("test").save("/tmp/virhai-example.save");
    /// job.wait();
    /// fs::remove("/tmp/virhai-example.save");
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn save(vm: &mut Domain, file: ImmutableString) -> Fallible<Job> {
        Ok(vm.save(&file, SaveOptions::default())?)
    }

    /// Saves the guest with options (`virDomainSaveFlags`, `virDomainSaveParams`).
    ///
    /// Errors: those of the job's `wait`, as for `save(file)`; `argument_unsupported` and `unsupported` for what the driver
    /// lacks.
    ///
    /// ```rhai
    /// let job = domain("test").save("/tmp/virhai-example.save", #{ paused: true });
    /// try { job.wait() } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "save", return_raw, pure)]
    pub fn save_with(vm: &mut Domain, file: ImmutableString, options: Map) -> Fallible<Job> {
        Ok(vm.save(&file, save_options(&SAVE.read(options)?)?)?)
    }

    /// Starts the guest that was saved to a file of the host (`virDomainRestore`).
    ///
    /// Returns at once with the job that does it. The file stays.
    ///
    /// Errors: those of the job's `wait`: `operation_failed` when there is no such file or it is no image.
    ///
    /// ```rhai
    /// domain("test").save("/tmp/virhai-example.save").wait();
    /// conn().restore("/tmp/virhai-example.save").wait();
    /// print(domain("test").state);
    /// fs::remove("/tmp/virhai-example.save");
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn restore(connection: &mut Connection, file: ImmutableString) -> Fallible<Job> {
        Ok(connection.restore(&file, SaveOptions::default())?)
    }

    /// Starts the guest that was saved, with options (`virDomainRestoreFlags`, `virDomainRestoreParams`).
    ///
    /// Errors: those of the job's `wait`, as for `restore(file)`; `argument_unsupported` and `unsupported` for what the
    /// driver lacks.
    ///
    /// ```rhai
    /// let job = conn().restore("/tmp/virhai-none.save", #{ paused: true });
    /// try { job.wait() } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "restore", return_raw, pure)]
    pub fn restore_with(connection: &mut Connection, file: ImmutableString, options: Map) -> Fallible<Job> {
        Ok(connection.restore(&file, save_options(&RESTORE.read(options)?)?)?)
    }

    /// The definition in a saved image, as a document (`virDomainSaveImageGetXMLDesc`).
    ///
    /// Errors: `operation_failed` when there is no such file or it is no image.
    ///
    /// ```rhai
    /// domain("test").save("/tmp/virhai-example.save").wait();
    /// try { print(conn().save_image_xml_desc("/tmp/virhai-example.save")["name"]) } catch (e) { print(e.code) }
    /// conn().restore("/tmp/virhai-example.save").wait();
    /// fs::remove("/tmp/virhai-example.save");
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn save_image_xml_desc(connection: &mut Connection, file: ImmutableString) -> Fallible<XmlDocument> {
        document(&connection.save_image_xml(&file, 0)?)
    }

    /// The definition in a saved image, with options (`virDomainSaveImageGetXMLDesc`).
    ///
    /// Errors: `operation_failed` when it is no image, `read_only` for `secure` on a read-only connection.
    ///
    /// ```rhai
    /// try { print(conn().save_image_xml_desc("/tmp/none.save", #{ secure: true })) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "save_image_xml_desc", return_raw, pure)]
    pub fn save_image_xml_desc_with(
        connection: &mut Connection,
        file: ImmutableString,
        options: Map,
    ) -> Fallible<XmlDocument> {
        document(&connection.save_image_xml(&file, IMAGE_XML.read(options)?.flags())?)
    }

    /// Changes the definition in a saved image: text or document (`virDomainSaveImageDefineXML`).
    ///
    /// Only what the guest cannot see may differ, such as the files of its disks. `running` and `paused` set the state
    /// in which it comes back.
    ///
    /// Errors: `config_unsupported` for a change that the guest would see, `operation_failed` when it is no image.
    ///
    /// ```rhai
    /// let xml = domain("test").xml.to_string();
    /// try { conn().save_image_define_xml("/tmp/none.save", xml, #{}) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn save_image_define_xml(
        connection: &mut Connection,
        file: ImmutableString,
        definition: Dynamic,
        options: Map,
    ) -> Fallible<()> {
        let options = IMAGE_DEFINE.read(options)?;
        Ok(connection.save_image_define_xml(&file, &definition_text(&definition)?, options.flags())?)
    }

    /// Saves the memory of the guest to a file of libvirt's and ends it (`virDomainManagedSave`).
    ///
    /// Returns at once with the job that does it. The next start of the guest goes on from there.
    ///
    /// Errors: those of the job's `wait`: `operation_invalid` when the guest does not run or has no stored definition.
    ///
    /// ```rhai
    /// domain("test").managed_save().wait();
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn managed_save(vm: &mut Domain) -> Fallible<Job> {
        Ok(vm.managed_save(0)?)
    }

    /// Saves the memory of the guest to a file of libvirt's, with options (`virDomainManagedSave`).
    ///
    /// Errors: those of the job's `wait`: `operation_invalid` when the guest does not run or has no stored definition.
    ///
    /// ```rhai
    /// domain("test").managed_save(#{ paused: true }).wait();
    /// ```
    #[rhai_fn(name = "managed_save", return_raw, pure)]
    pub fn managed_save_with(vm: &mut Domain, options: Map) -> Fallible<Job> {
        Ok(vm.managed_save(MANAGED_SAVE.read(options)?.flags())?)
    }

    /// Throws the managed save image away: the next start boots (`virDomainManagedSaveRemove`).
    ///
    /// Errors: `unsupported` where the driver has no such images.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// vm.managed_save().wait();
    /// vm.managed_save_remove();
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn managed_save_remove(vm: &mut Domain) -> Fallible<()> {
        Ok(vm.managed_save_remove()?)
    }

    /// The definition in the managed save image, as a document (`virDomainManagedSaveGetXMLDesc`).
    ///
    /// Errors: `operation_invalid` when there is no such image, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { print(domain("test").managed_save_xml_desc()["name"]) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn managed_save_xml_desc(vm: &mut Domain) -> Fallible<XmlDocument> {
        document(&vm.managed_save_xml(0)?)
    }

    /// The definition in the managed save image, with options (`virDomainManagedSaveGetXMLDesc`).
    ///
    /// Errors: `operation_invalid` when there is no such image, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { print(domain("test").managed_save_xml_desc(#{ secure: true })) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "managed_save_xml_desc", return_raw, pure)]
    pub fn managed_save_xml_desc_with(vm: &mut Domain, options: Map) -> Fallible<XmlDocument> {
        document(&vm.managed_save_xml(MANAGED_XML.read(options)?.flags())?)
    }

    /// Changes the definition in the managed save image (`virDomainManagedSaveDefineXML`).
    ///
    /// The definition is text or a document. Only what the guest cannot see may differ. `running` and `paused` set the
    /// state in which it comes back.
    ///
    /// Errors: `operation_invalid` when there is no such image, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// try { vm.managed_save_define_xml(vm.xml, #{ running: true }) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn managed_save_define_xml(vm: &mut Domain, definition: Dynamic, options: Map) -> Fallible<()> {
        let options = MANAGED_DEFINE.read(options)?;
        Ok(vm.managed_save_define_xml(&definition_text(&definition)?, options.flags())?)
    }

    /// Writes the memory of the guest to a file of the host, for analysis (`virDomainCoreDump`).
    ///
    /// Returns at once with the job that does it. The guest stands still meanwhile; see `live`.
    ///
    /// Errors: those of the job's `wait`: `operation_invalid` when the guest does not run, `operation_failed` when the
    /// file cannot be written.
    ///
    /// ```rhai
    /// domain("test").core_dump("/tmp/virhai-example.core").wait();
    /// fs::remove("/tmp/virhai-example.core");
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn core_dump(vm: &mut Domain, file: ImmutableString) -> Fallible<Job> {
        Ok(vm.core_dump(&file, None, 0)?)
    }

    /// Writes the memory of the guest to a file, with options (`virDomainCoreDumpWithFormat`).
    ///
    /// Errors: those of the job's `wait`, as for `core_dump(file)`; `unsupported` for what the driver lacks.
    ///
    /// ```rhai
    /// let job = domain("test").core_dump("/tmp/virhai-example.core", #{ memory_only: true, format: "elf" });
    /// try { job.wait() } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "core_dump", return_raw, pure)]
    pub fn core_dump_with(vm: &mut Domain, file: ImmutableString, options: Map) -> Fallible<Job> {
        Ok(dump(vm, &file, &CORE_DUMP.read(options)?)?)
    }
}
