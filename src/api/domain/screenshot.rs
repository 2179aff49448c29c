//! Pictures of what a guest shows.

mod picture;

use std::path::Path;

use rhai::plugin::{ImmutableString, NativeCallContext, export_module};
use rhai::{Blob, Map};

use crate::api::Fallible;
use crate::api::fs::replace::replace;
use crate::api::host_context::allow;
use crate::api::permissions::Permission;
use crate::error::{Error, Result};
use crate::lang::natives::Natives;
use crate::lang::options::{OptionTable, int};
use crate::libvirt::Domain;

pub(super) fn register(natives: &mut Natives) {
    natives.global(&domain_screenshot::RHAI_MANIFEST);
}

pub(super) const OPTIONS: &[&OptionTable] = &[&SCREENSHOT];

static SCREENSHOT: OptionTable = OptionTable {
    function: "Domain.screenshot",
    options: &[int("screen", "Which of its screens, counted from 0; without this the first.")],
};

fn take(vm: &Domain, options: Map) -> Result<Blob> {
    let wanted = SCREENSHOT.read(options)?.get_int("screen")?.unwrap_or(0);
    let screen = u32::try_from(wanted).map_err(|_| {
        Error::usage(format!("{wanted} is not the number of a screen"))
            .operation("domain.screenshot")
            .object(vm.label())
            .hint("screens are counted from 0")
    })?;
    let taken = vm.screenshot(screen)?;
    picture::png(taken.data).map_err(|why| {
        Error::new("internal_error", format!("the driver's picture ({}) {why}", taken.mime))
            .operation("domain.screenshot")
            .object(vm.label())
    })
}

fn save(context: &NativeCallContext, vm: &Domain, path: &str, options: Map) -> Fallible<()> {
    allow(context, Permission::Write, "Domain.screenshot", path)?;
    let picture = take(vm, options)?;
    let written = replace(Path::new(path), &picture);
    Ok(written.map_err(|error| Error::io(path, &error).operation("domain.screenshot"))?)
}

#[export_module(manifest)]
#[allow(clippy::unwrap_used, reason = "in the code that export_module writes")]
mod domain_screenshot {
    /// A picture of what the guest shows, as the bytes of a PNG file (`virDomainScreenshot`).
    ///
    /// Whatever format the driver gives, it is turned into PNG.
    ///
    /// Errors: `operation_invalid` when it does not run, `unsupported` where the driver has no pictures.
    ///
    /// ```rhai
    /// print(domain("test").screenshot().len());
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn screenshot(vm: &mut Domain) -> Fallible<Blob> {
        Ok(take(vm, Map::new())?)
    }

    /// A picture of one of the screens of the guest, as the bytes of a PNG file (`virDomainScreenshot`).
    ///
    /// Errors: `operation_invalid` when it does not run, `invalid_arg` for a screen that it lacks.
    ///
    /// ```rhai
    /// print(domain("test").screenshot(#{ screen: 0 }).len());
    /// ```
    #[rhai_fn(name = "screenshot", return_raw, pure)]
    pub fn screenshot_with(vm: &mut Domain, options: Map) -> Fallible<Blob> {
        Ok(take(vm, options)?)
    }

    /// Writes a picture of what the guest shows to a PNG file, made new or replaced (`virDomainScreenshot`).
    ///
    /// Errors: `operation_invalid` when it does not run; `io` where the file cannot be written, `denied`
    /// with `--deny write`.
    ///
    /// ```rhai
    /// let folder = fs::temp_dir();
    /// domain("test").screenshot(fs::join(folder, "test.png"));
    /// fs::remove_all(folder);
    /// ```
    #[rhai_fn(name = "screenshot", return_raw, pure)]
    pub fn screenshot_to(context: NativeCallContext, vm: &mut Domain, path: ImmutableString) -> Fallible<()> {
        save(&context, vm, &path, Map::new())
    }

    /// Writes a picture of one of the screens of the guest to a PNG file (`virDomainScreenshot`).
    ///
    /// Errors: `operation_invalid` when it does not run, `invalid_arg` for a screen that it lacks; `io`
    /// where the file cannot be written, `denied` with `--deny write`.
    ///
    /// ```rhai
    /// let folder = fs::temp_dir();
    /// domain("test").screenshot(fs::join(folder, "test.png"), #{ screen: 0 });
    /// fs::remove_all(folder);
    /// ```
    #[rhai_fn(name = "screenshot", return_raw, pure)]
    pub fn screenshot_to_with(
        context: NativeCallContext,
        vm: &mut Domain,
        path: ImmutableString,
        options: Map,
    ) -> Fallible<()> {
        save(&context, vm, &path, options)
    }
}

#[cfg(test)]
mod tests {
    use rhai::Blob;

    use crate::api::test_script::TestScript;

    const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

    #[test]
    fn a_picture_is_a_valid_png() {
        let script = TestScript::default_host();
        let picture: Blob = script.value("domain(\"test\").screenshot()");
        assert!(picture.starts_with(SIGNATURE));
        let decoder = png::Decoder::new(std::io::Cursor::new(picture));
        let mut reader = decoder.read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert!(info.width > 0 && info.height > 0);
    }

    #[test]
    fn it_is_written_to_a_file_as_a_whole() {
        let script = TestScript::default_host();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.png");
        script.value::<()>(&format!("domain(\"test\").screenshot({:?})", path.to_str().unwrap()));
        assert!(std::fs::read(&path).unwrap().starts_with(SIGNATURE));
        assert_eq!(script.error("domain(\"test\").screenshot(\"/no/such/folder/x.png\")").code(), "io");
    }

    #[test]
    fn wrong_screens_are_refused_with_a_reason() {
        let script = TestScript::default_host();
        assert_eq!(script.error("domain(\"test\").screenshot(#{ screen: -1 })").code(), "usage");
        assert_eq!(script.refusal("domain(\"test\").screenshot(#{ scren: 1 })").1, "did you mean `screen`?");
    }
}
