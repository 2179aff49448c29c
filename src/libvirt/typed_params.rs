//! libvirt's typed parameters, both ways, for every call that has them.
//!
//! Reading gives names and values as they are, so fields that a newer daemon adds are not lost.
//! Writing takes the type of each field from libvirt's own answer or from a table, because the
//! daemon refuses an `unsigned` where it wants a `long long`.

use std::ffi::{CStr, CString};
use std::os::raw::{c_int, c_uint};

use virt::sys;

use super::failure::{Outcome, check, text_of};
use crate::error::Error;

/// The value of a typed parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `int`
    Int(i32),
    /// `unsigned int`
    UInt(u32),
    /// `long long`
    LLong(i64),
    /// `unsigned long long`
    ULLong(u64),
    /// `double`
    Double(f64),
    /// `boolean`
    Boolean(bool),
    /// `string`
    String(String),
}

impl Value {
    /// The same type with another value; `None` where the value does not fit the type.
    pub fn with_i64(&self, number: i64) -> Option<Self> {
        Some(match self {
            Self::Int(_) => Self::Int(i32::try_from(number).ok()?),
            Self::UInt(_) => Self::UInt(u32::try_from(number).ok()?),
            Self::LLong(_) => Self::LLong(number),
            Self::ULLong(_) => Self::ULLong(u64::try_from(number).ok()?),
            Self::Double(_) => Self::Double(number as f64),
            Self::Boolean(_) | Self::String(_) => return None,
        })
    }

    /// The value as an integer, where it is one; counters beyond `i64` are cut to its maximum.
    pub fn as_i64(&self) -> Option<i64> {
        Some(match self {
            Self::Int(v) => i64::from(*v),
            Self::UInt(v) => i64::from(*v),
            Self::LLong(v) => *v,
            Self::ULLong(v) => i64::try_from(*v).unwrap_or(i64::MAX),
            Self::Boolean(v) => i64::from(*v),
            Self::Double(_) | Self::String(_) => return None,
        })
    }
}

/// A list of parameters in libvirt's order.
pub type Params = Vec<(String, Value)>;

/// Calls `each` with every parameter of an array.
///
/// # Safety
/// `params` points to `count` valid parameters, as libvirt gave them.
pub(super) unsafe fn for_each(
    params: *const sys::virTypedParameter,
    count: usize,
    mut each: impl FnMut(&str, Value),
) {
    for index in 0..count {
        // SAFETY: the caller's promise.
        let param = unsafe { &*params.add(index) };
        // SAFETY: libvirt NUL-terminates the field name inside its 80 bytes.
        let name = unsafe { CStr::from_ptr(param.field.as_ptr()) }.to_string_lossy();
        // SAFETY: the type names the member of the union that was written.
        if let Some(value) = unsafe { value(param) } {
            each(&name, value);
        }
    }
}

/// Reads parameters with a call of libvirt's usual form: asked with room for none it tells how many
/// there are, asked again it fills them in.
pub(super) fn fetch(
    mut call: impl FnMut(*mut sys::virTypedParameter, *mut c_int) -> c_int,
) -> Outcome<Params> {
    let mut count: c_int = 0;
    check(call(std::ptr::null_mut(), &raw mut count))?;
    let room = usize::try_from(count).unwrap_or(0);
    if room == 0 {
        return Ok(Params::new());
    }
    // SAFETY: all zero is a valid parameter: no name, no type, a null string.
    let mut params = vec![unsafe { std::mem::zeroed::<sys::virTypedParameter>() }; room];
    check(call(params.as_mut_ptr(), &raw mut count))?;
    let filled = usize::try_from(count).unwrap_or(0).min(room);
    // SAFETY: libvirt filled in `filled` parameters; they are not used again.
    Ok(unsafe { drain(&mut params[..filled]) })
}

/// Reads parameters with a call that allocates the list itself.
pub(super) fn take(
    call: impl FnOnce(*mut sys::virTypedParameterPtr, *mut c_int) -> c_int,
) -> Outcome<Params> {
    let (mut params, mut count) = (std::ptr::null_mut(), 0);
    check(call(&raw mut params, &raw mut count))?;
    // SAFETY: the call succeeded, so `params` has `count` entries (null for none), ours to free once.
    unsafe {
        let list = read(params, usize::try_from(count).unwrap_or(0));
        sys::virTypedParamsFree(params, count);
        Ok(list)
    }
}

/// Copies an array into a list.
///
/// # Safety
/// As for [`for_each`].
pub(super) unsafe fn read(params: *const sys::virTypedParameter, count: usize) -> Params {
    let mut list = Vec::with_capacity(count);
    // SAFETY: the caller's promise.
    unsafe { for_each(params, count, |name, value| list.push((name.to_owned(), value))) };
    list
}

/// Copies parameters into a list, and frees their strings.
///
/// # Safety
/// Each is as libvirt filled it in, or all zero; none is used after this.
pub(super) unsafe fn drain(params: &mut [sys::virTypedParameter]) -> Params {
    // SAFETY: the caller's promise.
    unsafe {
        let list = read(params.as_ptr(), params.len());
        sys::virTypedParamsClear(params.as_mut_ptr(), params.len() as c_int);
        list
    }
}

unsafe fn value(param: &sys::virTypedParameter) -> Option<Value> {
    // SAFETY: the caller's promise: `type_` names the member that was written.
    unsafe {
        Some(match param.type_ as c_uint {
            sys::VIR_TYPED_PARAM_INT => Value::Int(param.value.i),
            sys::VIR_TYPED_PARAM_UINT => Value::UInt(param.value.ui),
            sys::VIR_TYPED_PARAM_LLONG => Value::LLong(param.value.l),
            sys::VIR_TYPED_PARAM_ULLONG => Value::ULLong(param.value.ul),
            sys::VIR_TYPED_PARAM_DOUBLE => Value::Double(param.value.d),
            sys::VIR_TYPED_PARAM_BOOLEAN => Value::Boolean(param.value.b != 0),
            sys::VIR_TYPED_PARAM_STRING => Value::String(text_of(param.value.s).unwrap_or_default()),
            _ => return None,
        })
    }
}

/// An array of parameters for a call that takes them.
pub(super) struct ParamsBuffer {
    params: *mut sys::virTypedParameter,
    count: c_int,
    capacity: c_int,
}

impl ParamsBuffer {
    /// Builds the array.
    pub(super) fn new(list: &Params) -> Outcome<Self> {
        let mut buffer = Self { params: std::ptr::null_mut(), count: 0, capacity: 0 };
        for (name, value) in list {
            buffer.add(name, value)?;
        }
        Ok(buffer)
    }

    pub(super) fn as_mut_ptr(&mut self) -> *mut sys::virTypedParameter {
        self.params
    }

    pub(super) fn len(&self) -> c_int {
        self.count
    }

    fn add(&mut self, name: &str, value: &Value) -> Outcome<()> {
        let c_name = c_text("a parameter's name", name)?;
        let (array, count, room) = (&raw mut self.params, &raw mut self.count, &raw mut self.capacity);
        let name = c_name.as_ptr();
        // SAFETY: the three pointers are fields of this buffer, used by libvirt alone; the texts are
        // NUL-terminated and copied by the call.
        check(unsafe {
            match value {
                Value::Int(v) => sys::virTypedParamsAddInt(array, count, room, name, *v),
                Value::UInt(v) => sys::virTypedParamsAddUInt(array, count, room, name, *v),
                Value::LLong(v) => sys::virTypedParamsAddLLong(array, count, room, name, *v),
                Value::ULLong(v) => sys::virTypedParamsAddULLong(array, count, room, name, *v),
                Value::Double(v) => sys::virTypedParamsAddDouble(array, count, room, name, *v),
                Value::Boolean(v) => sys::virTypedParamsAddBoolean(array, count, room, name, c_int::from(*v)),
                Value::String(v) => {
                    let text = c_text(c_name.to_string_lossy().as_ref(), v)?;
                    sys::virTypedParamsAddString(array, count, room, name, text.as_ptr())
                }
            }
        })?;
        Ok(())
    }
}

impl Drop for ParamsBuffer {
    fn drop(&mut self) {
        // SAFETY: the array was made by libvirt's own functions, and is freed once; null is fine.
        unsafe { sys::virTypedParamsFree(self.params, self.count) };
    }
}

/// Makes a C string, or refuses the NUL that would cut it short.
pub(super) fn c_text(what: &str, text: &str) -> Result<CString, Error> {
    // The text itself may hold a password.
    CString::new(text).map_err(|error| {
        Error::usage(format!("{what} cannot contain a NUL character (byte {})", error.nul_position() + 1))
            .hint("remove the \\0 from the string")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_survives_the_way_into_c_and_back() {
        let list: Params = vec![
            ("int".into(), Value::Int(-1)),
            ("uint".into(), Value::UInt(u32::MAX)),
            ("llong".into(), Value::LLong(i64::MIN)),
            ("ullong".into(), Value::ULLong(u64::MAX)),
            ("double".into(), Value::Double(0.5)),
            ("boolean".into(), Value::Boolean(true)),
            ("string".into(), Value::String("grüße".into())),
        ];
        let mut buffer = ParamsBuffer::new(&list).unwrap();
        assert_eq!(buffer.len(), 7);
        // SAFETY: the buffer's own array and length.
        let back = unsafe { read(buffer.as_mut_ptr(), buffer.len() as usize) };
        assert_eq!(back, list);
    }

    #[test]
    fn a_nul_is_refused_before_it_reaches_c() {
        let list = vec![("disks".to_owned(), Value::String("a\0b".into()))];
        let Err(failure) = ParamsBuffer::new(&list) else { panic!("accepted") };
        assert_eq!(Error::from(failure).code(), "usage");
        assert_eq!(Value::ULLong(u64::MAX).as_i64(), Some(i64::MAX));
    }
}
