//! Taking snapshots.

use rhai::plugin::export_module;
use rhai::{Dynamic, Map};

use crate::api::subject::of;
use crate::api::{Fallible, definition_text, parts, point};
use crate::error::Result;
use crate::lang::natives::Natives;
use crate::lang::options::{OptionSpec, OptionTable, Parsed, any, flag, text, word};
use crate::libvirt::{Domain, DomainSnapshot, sys};

pub(super) fn register(natives: &mut Natives) {
    natives.global(&snapshot_create_functions::RHAI_MANIFEST);
}

pub(super) const OPTIONS: &[&OptionTable] = &[&CREATE, &CREATE_XML];

const DISK_ONLY: OptionSpec =
    flag("disk_only", sys::VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY, "Takes the disks without the memory.");
const QUIESCE: OptionSpec = flag(
    "quiesce",
    sys::VIR_DOMAIN_SNAPSHOT_CREATE_QUIESCE,
    "Freezes the guest's file systems meanwhile, by its agent.",
);
const ATOMIC: OptionSpec = flag(
    "atomic",
    sys::VIR_DOMAIN_SNAPSHOT_CREATE_ATOMIC,
    "Fails without having changed anything, or succeeds.",
);
const LIVE: OptionSpec =
    flag("live", sys::VIR_DOMAIN_SNAPSHOT_CREATE_LIVE, "Lets the guest run while its memory is saved.");
const HALT: OptionSpec = flag("halt", sys::VIR_DOMAIN_SNAPSHOT_CREATE_HALT, "Ends the guest afterwards.");
const NO_METADATA: OptionSpec = flag(
    "no_metadata",
    sys::VIR_DOMAIN_SNAPSHOT_CREATE_NO_METADATA,
    "Takes it without libvirt remembering it.",
);
const REUSE_EXTERNAL: OptionSpec =
    flag("reuse_external", sys::VIR_DOMAIN_SNAPSHOT_CREATE_REUSE_EXT, "Uses image files that exist.")
        .alias("reuse_ext");
const VALIDATE: OptionSpec =
    flag("validate", sys::VIR_DOMAIN_SNAPSHOT_CREATE_VALIDATE, "Checks the XML against libvirt's schema.");

static CREATE: OptionTable = OptionTable {
    function: "Domain.snapshot_create",
    options: &[
        point::NAME,
        point::DESCRIPTION,
        any("memory", "Where the memory goes: a file, or #{ file, snapshot: \"external\" }.")
            .alias("memspec"),
        any("disks", "What happens to single disks: an array of #{ name, snapshot, file, driver, type }.")
            .alias("diskspec"),
        DISK_ONLY,
        QUIESCE,
        ATOMIC,
        LIVE,
        HALT,
        NO_METADATA,
        REUSE_EXTERNAL,
        VALIDATE,
    ],
};

static CREATE_XML: OptionTable = OptionTable {
    function: "Domain.snapshot_create_xml",
    options: &[
        DISK_ONLY,
        QUIESCE,
        ATOMIC,
        LIVE,
        HALT,
        NO_METADATA,
        REUSE_EXTERNAL,
        VALIDATE,
        flag(
            "redefine",
            sys::VIR_DOMAIN_SNAPSHOT_CREATE_REDEFINE,
            "Makes libvirt know a snapshot that exists.",
        ),
        flag(
            "current",
            sys::VIR_DOMAIN_SNAPSHOT_CREATE_CURRENT,
            "With redefine: it becomes the current one.",
        ),
    ],
};

static MEMORY: OptionTable = OptionTable {
    function: "the memory of Domain.snapshot_create",
    options: &[
        text("file", "The absolute path of the file to write."),
        word("snapshot", &["no", "internal", "external"], "Whether and where it is saved."),
    ],
};

static DISK: OptionTable = OptionTable {
    function: "a disk of Domain.snapshot_create",
    options: &[
        text("name", "Its target (vda) or path."),
        word("snapshot", &["no", "manual", "internal", "external"], "Whether and where it is saved."),
        text("file", "The absolute path of the new top image.").alias("source"),
        text("driver", "The format of the new top image."),
        word("type", &["file", "block"], "What `file` names.").alias("stype"),
    ],
};

fn create(vm: &Domain, options: &Parsed) -> Result<DomainSnapshot> {
    vm.create_snapshot(&description(options)?, options.flags())
}

fn description(options: &Parsed) -> Result<String> {
    let xml = point::described("domainsnapshot", options)?;
    for memory in parts::read(options, "memory", &MEMORY)? {
        let element = xml.add("<memory/>")?;
        parts::write(&memory, &element, &[("snapshot", "@snapshot"), ("file", "@file")])?;
    }
    let disks = parts::read(options, "disks", &DISK)?;
    if !disks.is_empty() {
        let list = xml.add("<disks/>")?;
        for disk in disks {
            let element = list.add("<disk/>")?;
            let source = parts::source_place(&disk, "source")?;
            let places = [
                ("name", "@name"),
                ("snapshot", "@snapshot"),
                ("type", "@type"),
                ("driver", "driver/@type"),
                ("file", source.as_str()),
            ];
            parts::write(&disk, &element, &places)?;
        }
    }
    Ok(xml.to_string())
}

#[export_module(manifest)]
#[allow(clippy::needless_pass_by_value)]
mod snapshot_create_functions {
    /// Takes a snapshot of the guest, named by the time (`virDomainSnapshotCreateXML`).
    ///
    /// Errors: `unsupported` and `config_unsupported` where the driver or the disks cannot.
    ///
    /// ```rhai
    /// let snap = domain("test").snapshot_create();
    /// print(snap.name)
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn snapshot_create(vm: &mut Domain) -> Fallible<DomainSnapshot> {
        Ok(create(vm, &CREATE.read(Map::new())?)?)
    }

    /// Takes a snapshot of the guest (`virDomainSnapshotCreateXML`).
    ///
    /// `disks` names those that are treated otherwise than the rest: each a map `#{ name, snapshot,
    /// file, driver, type }`, or a text as virsh takes it (`"vda,file=/images/new.qcow2"`). `snapshot`
    /// is `no`, `internal` (inside the image), `external` (`file` becomes the new top image, of format
    /// `driver`) or `manual`; `type` is `file` or `block`. `memory` is the file for the memory of an
    /// external snapshot, or a map `#{ file, snapshot }`.
    ///
    /// Errors: `unsupported` and `config_unsupported` where the driver or the disks cannot.
    ///
    /// ```rhai
    /// let snap = domain("test").snapshot_create(#{ name: "pre-upgrade", description: "before 2.0" });
    /// print(snap.name);
    /// let external = #{ disk_only: true, atomic: true, disks: [#{ name: "vda", file: "/img/top.qcow2" }] };
    /// try { domain("test").snapshot_create(external) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "snapshot_create", return_raw, pure)]
    pub fn snapshot_create_with(vm: &mut Domain, options: Map) -> Fallible<DomainSnapshot> {
        Ok(create(vm, &CREATE.read(options)?)?)
    }

    /// Takes a snapshot that XML describes, as text or as a document (`virDomainSnapshotCreateXML`).
    ///
    /// Errors: `xml_error` and its relatives for a description that libvirt does not accept.
    ///
    /// ```rhai
    /// let snap = domain("test").snapshot_create_xml("<domainsnapshot><name>s1</name></domainsnapshot>");
    /// print(snap.name)
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn snapshot_create_xml(vm: &mut Domain, description: Dynamic) -> Fallible<DomainSnapshot> {
        Ok(vm.create_snapshot(
            &definition_text(&description).map_err(of("domain.snapshot_create_xml", vm))?,
            0,
        )?)
    }

    /// Takes a snapshot that XML describes, or makes libvirt know one (`virDomainSnapshotCreateXML`).
    ///
    /// With `redefine` the description is that of a snapshot that exists, as its `xml` gives it.
    ///
    /// Errors: `xml_error` and its relatives for a description that libvirt does not accept.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// let doc = vm.snapshot_create(#{ name: "s1" }).xml;
    /// vm.snapshot("s1").delete();
    /// print(vm.snapshot_create_xml(doc, #{ redefine: true }).name)
    /// ```
    #[rhai_fn(name = "snapshot_create_xml", return_raw, pure)]
    pub fn snapshot_create_xml_with(
        vm: &mut Domain,
        description: Dynamic,
        options: Map,
    ) -> Fallible<DomainSnapshot> {
        let options = CREATE_XML.read(options)?;
        Ok(vm.create_snapshot(
            &definition_text(&description).map_err(of("domain.snapshot_create_xml", vm))?,
            options.flags(),
        )?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn xml(options: &str) -> String {
        let map = rhai::Engine::new().eval::<Map>(options).expect(options);
        description(&CREATE.read(map).unwrap()).unwrap()
    }

    #[test]
    fn options_become_the_description() {
        assert_eq!(xml("#{}"), "<domainsnapshot/>");
        let text =
            xml("#{ name: `a<b`, memory: `/m`, disks: [`vda,file=/v`, #{ name: `vdb`, snapshot: `no` }] }");
        let document = crate::xml::Document::parse(&text).unwrap();
        let at = |path: &str| document.text_at(path).unwrap().unwrap_or_default();
        assert_eq!(at("name"), "a<b");
        assert_eq!(at("memory/@file"), "/m");
        assert_eq!(at("disks/disk[@name='vda']/source/@file"), "/v");
        assert_eq!(at("disks/disk[@name='vdb']/@snapshot"), "no");
    }

    #[test]
    fn a_device_is_no_file() {
        let text =
            xml("#{ diskspec: `vda,stype=block,driver=qcow2,file=/dev/x`, memspec: #{ snapshot: `no` } }");
        for part in ["type=\"block\"", "dev=\"/dev/x\"", "type=\"qcow2\"", "<memory snapshot=\"no\""] {
            assert!(text.replace('\'', "\"").contains(part), "{part}: {text}");
        }
    }
}
