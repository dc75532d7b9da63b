//! Pixels for the page: `thumb://localhost/<id>`, `photo://localhost/<id>`, and
//! `photo://localhost/pasted-<number>` for a picture that was pasted.
//!
//! A photo is named by its id; no path is ever part of an address. No answer
//! carries `Access-Control-Allow-Origin`: an `<img>` needs none, and no script
//! may read a photo's bytes.

use std::sync::Arc;

use afterimage_engine::{Code, Engine, PhotoFile, PhotoId, Result};
use tauri::http::{Method, Request, Response, StatusCode, header};
use tauri::{Manager, Runtime, UriSchemeContext, UriSchemeResponder};

use crate::Shell;

/// A thumbnail of a photo.
pub fn thumbnail(engine: &Engine, id: PhotoId) -> Result<PhotoFile> {
    Ok(PhotoFile { bytes: engine.thumbnail(id)?, mime: "image/jpeg" })
}

/// A photo's own file.
pub fn photo(engine: &Engine, id: PhotoId) -> Result<PhotoFile> {
    engine.open_photo(id)
}

/// What a request names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    Photo(PhotoId),
    /// A picture that was pasted, by its number.
    Pasted(u64),
}

/// Answers the requests of one scheme with `find`, away from the main thread.
pub fn handler<R: Runtime>(
    find: fn(&Engine, PhotoId) -> Result<PhotoFile>,
) -> impl Fn(UriSchemeContext<'_, R>, Request<Vec<u8>>, UriSchemeResponder) + Send + Sync + 'static
{
    move |context, request, responder| {
        let shell = Arc::clone(&context.app_handle().state::<Arc<Shell>>());
        tauri::async_runtime::spawn_blocking(move || {
            responder.respond(answer(&request, |named| match named {
                Named::Photo(id) => find(&shell.engine()?, id),
                Named::Pasted(number) => {
                    let bytes = shell.pictures().get(number)?;
                    Engine::show_picture(&bytes)
                }
            }));
        });
    }
}

/// The response to a request for a photo that `find` can open.
fn answer(
    request: &Request<Vec<u8>>,
    find: impl FnOnce(Named) -> Result<PhotoFile>,
) -> Response<Vec<u8>> {
    if request.method() != Method::GET {
        return refuse(StatusCode::METHOD_NOT_ALLOWED, "only GET is answered");
    }
    let Some(named) = named(request.uri().path()) else {
        return refuse(StatusCode::NOT_FOUND, "there is no such photo");
    };
    match find(named) {
        Ok(file) => respond(StatusCode::OK, file.mime, caching(request.uri().query()), file.bytes),
        Err(error) => {
            let status = match error.code() {
                Code::NotFound => StatusCode::NOT_FOUND,
                _ => StatusCode::INTERNAL_SERVER_ERROR,
            };
            refuse(status, &error.to_string())
        }
    }
}

/// What `/<id>` or `/pasted-<number>` names: digits and nothing else.
fn named(path: &str) -> Option<Named> {
    fn number<T: std::str::FromStr>(digits: &str) -> Option<T> {
        let only_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
        if only_digits { digits.parse().ok() } else { None }
    }
    match path.strip_prefix("/pasted-") {
        Some(digits) => number(digits).map(Named::Pasted),
        None => number(path.strip_prefix('/')?).map(|id| Named::Photo(PhotoId(id))),
    }
}

/// An id stays while the file behind it may be edited, so an address that names
/// the id alone must be asked for again. One that also names a version (`?v=…`)
/// means those pixels for good.
fn caching(query: Option<&str>) -> &'static str {
    let versioned = query
        .unwrap_or_default()
        .split('&')
        .any(|pair| pair.strip_prefix("v=").is_some_and(|version| !version.is_empty()));
    if versioned { "private, max-age=31536000, immutable" } else { "private, no-cache" }
}

fn refuse(status: StatusCode, reason: &str) -> Response<Vec<u8>> {
    respond(status, "text/plain; charset=utf-8", "no-store", reason.as_bytes().to_vec())
}

fn respond(
    status: StatusCode,
    mime: &'static str,
    caching: &'static str,
    body: Vec<u8>,
) -> Response<Vec<u8>> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(mime));
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static(caching));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, header::HeaderValue::from_static("nosniff"));
    response
}

#[cfg(test)]
mod tests {
    use afterimage_engine::{Error, message};

    use super::*;

    fn ask(uri: &str) -> Response<Vec<u8>> {
        let request = Request::builder().uri(uri).body(Vec::new()).unwrap();
        answer(&request, |named| match named {
            Named::Photo(PhotoId(7)) => {
                Ok(PhotoFile { bytes: b"pixels".to_vec(), mime: "image/png" })
            }
            Named::Photo(PhotoId(8)) => Err(Error::failed(message!("the drive is not connected"))),
            Named::Pasted(7) => Ok(PhotoFile { bytes: b"pasted".to_vec(), mime: "image/png" }),
            _ => Err(Error::not_found(message!("there is no such photo"))),
        })
    }

    fn header(response: &Response<Vec<u8>>, name: header::HeaderName) -> &str {
        response.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[test]
    fn a_photo_comes_with_its_type_and_nothing_to_guess() {
        for uri in ["photo://localhost/7", "http://photo.localhost/7"] {
            let response = ask(uri);
            assert_eq!(response.status(), StatusCode::OK);
            assert_eq!(response.body(), b"pixels");
            assert_eq!(header(&response, header::CONTENT_TYPE), "image/png");
            assert_eq!(header(&response, header::X_CONTENT_TYPE_OPTIONS), "nosniff");
            assert_eq!(header(&response, header::ACCESS_CONTROL_ALLOW_ORIGIN), "");
        }
    }

    #[test]
    fn only_a_versioned_address_is_kept() {
        let caching = |uri| header(&ask(uri), header::CACHE_CONTROL).to_owned();
        assert_eq!(caching("thumb://localhost/7"), "private, no-cache");
        assert_eq!(caching("thumb://localhost/7?v="), "private, no-cache");
        assert_eq!(caching("thumb://localhost/7?w=1"), "private, no-cache");
        assert!(caching("thumb://localhost/7?v=2").contains("immutable"));
        assert_eq!(caching("thumb://localhost/9?v=2"), "no-store");
    }

    #[test]
    fn what_is_no_known_id_is_not_found() {
        for path in ["/9", "/", "/-7", "/+7", "/7/", "/7.jpg", "/..%2F7", "/%37", "/etc/passwd"] {
            assert_eq!(ask(&format!("thumb://localhost{path}")).status(), 404, "{path}");
        }
        let too_large = "thumb://localhost/99999999999999999999";
        assert_eq!(ask(too_large).status(), 404);
    }

    #[test]
    fn a_pasted_picture_has_an_address_of_its_own() {
        assert_eq!(ask("photo://localhost/pasted-7").body(), b"pasted");
        for path in ["/pasted-8", "/pasted-", "/pasted--7", "/pasted", "/pasted-7/..", "/pasted-+7"]
        {
            assert_eq!(ask(&format!("photo://localhost{path}")).status(), 404, "{path}");
        }
    }

    #[test]
    fn a_failure_is_no_absence() {
        let response = ask("photo://localhost/8");
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.body(), b"the drive is not connected");
    }

    #[test]
    fn nothing_but_get_is_answered() {
        let request = Request::post("thumb://localhost/7").body(Vec::new()).unwrap();
        let response = answer(&request, |_| unreachable!("the request must be refused first"));
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    }
}
