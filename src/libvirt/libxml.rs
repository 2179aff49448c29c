//! XPath and the writing of nodes as libxml2 does them.
//!
//! libvirt is linked with libxml2, so it is in the process; its functions are found at run time. What virsh's
//! `--xpath` prints is defined by that library; everything else in virhai reads XML with [`crate::xml`].

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::marker::PhantomData;
use std::ptr::{NonNull, null};

use nix::libc;

use crate::error::{Error, Result, code};

type Pointer = *mut c_void;

/// Nothing is fetched; no warnings.
const OPTIONS: c_int = 2048 | 64;
/// Blanks between elements are no nodes.
const NO_BLANKS: c_int = 256;
/// `XPATH_NODESET`
const NODE_SET: c_int = 1;

/// `xmlXPathContext`, as far as it is needed.
#[repr(C)]
struct Context {
    document: Pointer,
    node: Pointer,
}

/// `xmlXPathObject`, as far as it is needed.
#[repr(C)]
struct Object {
    kind: c_int,
    nodes: *const NodeSet,
}

/// `xmlNodeSet`
#[repr(C)]
struct NodeSet {
    count: c_int,
    room: c_int,
    nodes: *const Pointer,
}

/// A function of libxml2.
fn symbol(name: &CStr) -> Result<Pointer> {
    // SAFETY: the default scope, and a name that ends with NUL.
    let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    NonNull::new(found).map(NonNull::as_ptr).ok_or_else(|| {
        let name = name.to_string_lossy();
        Error::new(code::UNSUPPORTED, format!("libxml2 is not in this process: there is no {name}"))
    })
}

/// Calls a function of libxml2 by name, with the types of its arguments and of its answer.
macro_rules! call {
    ($name:literal ( $($argument:expr => $type:ty),* ) -> $answer:ty) => {{
        let found = symbol($name)?;
        // SAFETY: the name and the types are those of libxml2's header; the arguments are valid where it is called.
        unsafe {
            let function: unsafe extern "C" fn($($type),*) -> $answer = std::mem::transmute(found);
            function($($argument),*)
        }
    }};
}

/// A document of libxml2; freed with its value.
struct Tree(Pointer);

impl Tree {
    fn parse(text: &str, options: c_int) -> Result<Self> {
        let length =
            c_int::try_from(text.len()).map_err(|_| Error::new(code::XML, "the document is too large"))?;
        let tree = call!(c"xmlReadMemory"(text.as_ptr().cast() => *const c_char, length => c_int,
            null() => *const c_char, null() => *const c_char, OPTIONS | options => c_int) -> Pointer);
        if tree.is_null() {
            Err(Error::new(code::XML, "the document is not well-formed"))
        } else {
            Ok(Self(tree))
        }
    }

    fn root(&self) -> Result<Pointer> {
        Ok(call!(c"xmlDocGetRootElement"(self.0 => Pointer) -> Pointer))
    }

    /// A node as text, indented.
    fn text(&self, node: Pointer) -> Result<String> {
        let buffer = call!(c"xmlBufferCreate"() -> Pointer);
        call!(c"xmlNodeDump"(buffer => Pointer, self.0 => Pointer, node => Pointer, 0 => c_int, 1 => c_int) -> c_int);
        let content = call!(c"xmlBufferContent"(buffer => Pointer) -> *const c_char);
        let text = if content.is_null() {
            String::new()
        } else {
            // SAFETY: the buffer's content ends with NUL and lives until it is freed below.
            unsafe { CStr::from_ptr(content) }.to_string_lossy().into_owned()
        };
        call!(c"xmlBufferFree"(buffer => Pointer) -> ());
        Ok(text)
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        let free = || -> Result<()> {
            call!(c"xmlFreeDoc"(self.0 => Pointer) -> ());
            Ok(())
        };
        // The library is there, or there would be no document.
        let _ = free();
    }
}

/// What a path found in a document.
struct Found<'a> {
    object: *const Object,
    context: *mut Context,
    tree: PhantomData<&'a Tree>,
}

impl<'a> Found<'a> {
    /// Evaluates a path from the root; nothing where it is no path, of which libxml2 itself tells on stderr.
    fn evaluate(tree: &'a Tree, path: &CStr) -> Result<Option<Self>> {
        let context = call!(c"xmlXPathNewContext"(tree.0 => Pointer) -> *mut Context);
        let root = tree.root()?;
        // SAFETY: a context was made above, or memory is exhausted and it is null.
        if let Some(context) = unsafe { context.as_mut() } {
            context.node = root;
        }
        let object =
            call!(c"xmlXPathEval"(path.as_ptr() => *const c_char, context => *mut Context) -> *const Object);
        let found = Self { object, context, tree: PhantomData };
        Ok(if object.is_null() { None } else { Some(found) })
    }

    /// The nodes; `None` where the path gives a number, a text or a truth value.
    fn nodes(&self) -> Option<Vec<Pointer>> {
        // SAFETY: not null, see `evaluate`; libxml2's own structures, which live as long as this value.
        unsafe {
            let object = self.object.as_ref()?;
            if object.kind != NODE_SET {
                return None;
            }
            let Some(set) = object.nodes.as_ref() else { return Some(Vec::new()) };
            let count = usize::try_from(set.count).unwrap_or_default();
            Some(if count == 0 { Vec::new() } else { std::slice::from_raw_parts(set.nodes, count).to_vec() })
        }
    }
}

impl Drop for Found<'_> {
    fn drop(&mut self) {
        let free = || -> Result<()> {
            call!(c"xmlXPathFreeObject"(self.object => *const Object) -> ());
            call!(c"xmlXPathFreeContext"(self.context => *mut Context) -> ());
            Ok(())
        };
        let _ = free();
    }
}

/// The nodes that an XPath expression finds, each on a line of its own, or with `wrap` below an element `nodes`.
/// Nothing for an expression that is none: libxml2 writes what is wrong with it to stderr.
///
/// Errors: `xml` for a text that is no XML; `internal_error` in libvirt's words for an expression that gives no
/// nodes but a number, a text or a truth value.
pub fn xpath(text: &str, expression: &str, wrap: bool) -> Result<String> {
    let tree = Tree::parse(text, NO_BLANKS)?;
    let path = CString::new(expression).map_err(|_| Error::usage("a path cannot contain a NUL character"))?;
    let Some(found) = Found::evaluate(&tree, &path)? else { return Ok(String::new()) };
    let Some(nodes) = found.nodes() else {
        return Err(Error::new("internal_error", format!("internal error: Incorrect xpath '{expression}'")));
    };
    if wrap {
        return wrapped(&nodes);
    }
    nodes.into_iter().map(|node| Ok(tree.text(node)? + "\n")).collect()
}

fn wrapped(nodes: &[Pointer]) -> Result<String> {
    let tree = Tree::parse("<nodes/>", 0)?;
    let root = tree.root()?;
    for node in nodes {
        let copy = call!(c"xmlDocCopyNode"(*node => Pointer, tree.0 => Pointer, 1 => c_int) -> Pointer);
        if !copy.is_null() {
            call!(c"xmlAddChild"(root => Pointer, copy => Pointer) -> Pointer);
        }
    }
    Ok(tree.text(root)? + "\n")
}

/// A document as libxml2 writes it: with double quotes and without a declaration; blanks stay as they are.
///
/// Errors: `xml` for a text that is no XML.
pub fn rewritten(text: &str) -> Result<String> {
    let tree = Tree::parse(text, 0)?;
    tree.text(tree.root()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "<domain type='test'><name>a</name><devices><disk/><disk/></devices></domain>";

    #[test]
    fn nodes_are_written_a_line_each() {
        assert_eq!(xpath(TEXT, "//name", false).unwrap(), "<name>a</name>\n");
        assert_eq!(xpath(TEXT, "//disk", false).unwrap(), "<disk/>\n<disk/>\n");
        assert_eq!(xpath(TEXT, "/domain/@type", false).unwrap(), " type=\"test\"\n");
        assert_eq!(xpath(TEXT, "//none", false).unwrap(), "");
        assert_eq!(xpath(TEXT, "//disk", true).unwrap(), "<nodes>\n  <disk/>\n  <disk/>\n</nodes>\n");
        assert_eq!(xpath(TEXT, "//none", true).unwrap(), "<nodes/>\n");
    }

    #[test]
    fn what_gives_no_nodes_is_refused() {
        let error = xpath(TEXT, "count(//disk)", false).unwrap_err();
        assert_eq!(error.to_string(), "internal error: Incorrect xpath 'count(//disk)'");
        assert!(xpath("<a", "//a", false).is_err());
    }
}
