//! Memory of guests in files: save and restore, managed save, core dumps.

use std::ffi::{CStr, CString};
use std::sync::Arc;
use std::time::Duration;

use virt::sys;

use super::Domain;
use crate::error::{Error, Result};
use crate::libvirt::Connection;
use crate::libvirt::connection::Apart;
use crate::libvirt::door::{change, destroy, read};
use crate::libvirt::failure::{Outcome, check, take_text};
use crate::libvirt::job::{Job, Product, Progress, Work};
use crate::libvirt::texts::OptionalText;
use crate::libvirt::typed_params::{Params, ParamsBuffer, Value, c_text};

/// How a guest is saved or restored.
#[derive(Clone, Debug, Default)]
pub struct SaveOptions {
    /// a definition that takes the place of the one in the image
    pub xml: Option<String>,
    /// settings of newer daemons (`VIR_DOMAIN_SAVE_PARAM_*`), without file and definition
    pub params: Params,
    /// `VIR_DOMAIN_SAVE_*`
    pub flags: u32,
}

/// The arguments of a save or restore call, ready for C.
struct Arguments {
    file: CString,
    xml: OptionalText,
    params: Params,
    flags: u32,
}

impl Arguments {
    fn new(file: &str, options: SaveOptions) -> Result<Self> {
        let SaveOptions { xml, mut params, flags } = options;
        let named =
            |name: &CStr, text: &str| (name.to_string_lossy().into_owned(), Value::String(text.to_owned()));
        let c_xml = OptionalText::new("XML", xml.as_deref())?;
        if !params.is_empty() {
            params.push(named(sys::VIR_DOMAIN_SAVE_PARAM_FILE, file));
            params.extend(xml.iter().map(|xml| named(sys::VIR_DOMAIN_SAVE_PARAM_DXML, xml)));
        }
        Ok(Self { file: c_text("a file name", file)?, xml: c_xml, params, flags })
    }

    /// True where the oldest call does, which every driver has.
    fn is_plain(&self) -> bool {
        self.flags == 0 && self.xml.is_none()
    }
}

impl Domain {
    /// Saves its memory to a file of the host and ends it (`virDomainSave`, `virDomainSaveFlags`,
    /// `virDomainSaveParams`).
    pub fn save(&self, file: &str, options: SaveOptions) -> Result<Job> {
        let given = Arguments::new(file, options)?;
        self.begin(change("domain.save"), sys::VIR_DOMAIN_JOB_OPERATION_SAVE, move |_, d| {
            let file = given.file.as_ptr();
            let mut params = ParamsBuffer::new(&given.params)?;
            // SAFETY: a live domain, a NUL-terminated name, a text that may be null, and a valid array
            // of its own length.
            done(unsafe {
                if params.len() > 0 {
                    sys::virDomainSaveParams(d.as_ptr(), params.as_mut_ptr(), params.len(), given.flags)
                } else if given.is_plain() {
                    sys::virDomainSave(d.as_ptr(), file)
                } else {
                    sys::virDomainSaveFlags(d.as_ptr(), file, given.xml.as_ptr(), given.flags)
                }
            })
        })
    }

    /// Saves its memory to a file of libvirt's and ends it (`virDomainManagedSave`).
    pub fn managed_save(&self, flags: u32) -> Result<Job> {
        self.begin(change("domain.managed_save"), sys::VIR_DOMAIN_JOB_OPERATION_SAVE, move |_, d| {
            // SAFETY: a live domain.
            done(unsafe { sys::virDomainManagedSave(d.as_ptr(), flags) })
        })
    }

    /// Whether it has a managed save image (`virDomainHasManagedSaveImage`).
    pub fn has_managed_save(&self) -> Result<bool> {
        self.call(read("domain.has_managed_save"), |d| Ok(d.has_managed_save(0)?))
    }

    /// Throws its managed save image away (`virDomainManagedSaveRemove`).
    pub fn managed_save_remove(&self) -> Result<()> {
        self.call(destroy("domain.managed_save_remove"), |d| Ok(d.managed_save_remove(0).map(drop)?))
    }

    /// The definition in its managed save image (`virDomainManagedSaveGetXMLDesc`); `flags` are
    /// `VIR_DOMAIN_SAVE_IMAGE_XML_*` bits.
    pub fn managed_save_xml(&self, flags: u32) -> Result<String> {
        self.call(read("domain.managed_save_xml_desc"), move |d| {
            // SAFETY: a live domain; the text is ours to free.
            unsafe { take_text(sys::virDomainManagedSaveGetXMLDesc(d.as_ptr(), flags)) }
        })
    }

    /// Changes the definition in its managed save image (`virDomainManagedSaveDefineXML`).
    pub fn managed_save_define_xml(&self, xml: &str, flags: u32) -> Result<()> {
        let xml = c_text("XML", xml)?;
        self.call(change("domain.managed_save_define_xml"), move |d| {
            // SAFETY: a live domain and a NUL-terminated text.
            check(unsafe { sys::virDomainManagedSaveDefineXML(d.as_ptr(), xml.as_ptr(), flags) }).map(drop)
        })
    }

    /// Writes its memory to a file of the host for analysis (`virDomainCoreDump`,
    /// `virDomainCoreDumpWithFormat`).
    ///
    /// `format` is a `virDomainCoreDumpFormat`, `flags` are `VIR_DUMP_*` bits.
    pub fn core_dump(&self, file: &str, format: Option<u32>, flags: u32) -> Result<Job> {
        let file = c_text("a file name", file)?;
        // Both end the guest or throw away what it is doing.
        let ends = flags & (sys::VIR_DUMP_CRASH | sys::VIR_DUMP_RESET) != 0;
        let operation = if ends { destroy("domain.core_dump") } else { change("domain.core_dump") };
        self.begin(operation, sys::VIR_DOMAIN_JOB_OPERATION_DUMP, move |_, d| {
            // SAFETY: a live domain and a NUL-terminated name.
            done(unsafe {
                match format {
                    None => sys::virDomainCoreDump(d.as_ptr(), file.as_ptr(), flags),
                    Some(format) => {
                        sys::virDomainCoreDumpWithFormat(d.as_ptr(), file.as_ptr(), format, flags)
                    }
                }
            })
        })
    }
}

impl Connection {
    /// Starts the guest that was saved to a file of the host (`virDomainRestore`,
    /// `virDomainRestoreFlags`, `virDomainRestoreParams`).
    pub fn restore(&self, file: &str, options: SaveOptions) -> Result<Job> {
        let operation = change("connection.restore");
        let given = Arguments::new(file, options)?;
        let call = self.call_apart(operation, file, move |live| {
            let file = given.file.as_ptr();
            let mut params = ParamsBuffer::new(&given.params)?;
            // SAFETY: a live connection, a NUL-terminated name, a text that may be null, and a valid
            // array of its own length.
            done(unsafe {
                let connect = live.connect().as_ptr();
                if params.len() > 0 {
                    sys::virDomainRestoreParams(connect, params.as_mut_ptr(), params.len(), given.flags)
                } else if given.is_plain() {
                    sys::virDomainRestore(connect, file)
                } else {
                    sys::virDomainRestoreFlags(connect, file, given.xml.as_ptr(), given.flags)
                }
            })
        })?;
        Ok(Job::new(operation.name, file, Arc::new(Restore(call))))
    }

    /// The definition in an image (`virDomainSaveImageGetXMLDesc`); `flags` are
    /// `VIR_DOMAIN_SAVE_IMAGE_XML_*` bits.
    pub fn save_image_xml(&self, file: &str, flags: u32) -> Result<String> {
        let c_file = c_text("a file name", file)?;
        self.call(read("connection.save_image_xml_desc"), file, move |connect| {
            // SAFETY: a live connection and a NUL-terminated name; the text is ours to free.
            unsafe { take_text(sys::virDomainSaveImageGetXMLDesc(connect.as_ptr(), c_file.as_ptr(), flags)) }
        })
    }

    /// Changes the definition in an image (`virDomainSaveImageDefineXML`).
    pub fn save_image_define_xml(&self, file: &str, xml: &str, flags: u32) -> Result<()> {
        let (c_file, xml) = (c_text("a file name", file)?, c_text("XML", xml)?);
        self.call(change("connection.save_image_define_xml"), file, move |connect| {
            // SAFETY: a live connection and two NUL-terminated texts.
            check(unsafe {
                sys::virDomainSaveImageDefineXML(connect.as_ptr(), c_file.as_ptr(), xml.as_ptr(), flags)
            })
            .map(drop)
        })
    }
}

/// The usual answer of a call that makes nothing.
fn done(answer: i32) -> Outcome<Option<Product>> {
    check(answer).map(|_| None)
}

/// A guest on its way back from a file; libvirt does not tell how far it is.
struct Restore(Apart<Option<Product>>);

impl Work for Restore {
    fn progress(&self) -> Result<Progress> {
        Ok(Progress::default())
    }

    fn wait(&self, time: Duration) -> Result<Option<Result<()>>> {
        Ok(self.0.wait(time)?.map(|outcome| outcome.map(drop)))
    }

    fn abort(&self) -> Result<()> {
        if self.0.cancel() {
            self.0.forgive();
            return Ok(());
        }
        Err(Error::new("operation_invalid", "a restore that has begun cannot be aborted")
            .hint("it is short: wait for it, then end the guest with destroy()"))
    }
}
