//! What a photo is decoded to for the index must be as good as all of it.

use std::path::Path;

use crate::decode::{self, Detail, Limits};
use crate::model::{self, DeviceChoice, Encoder};

/// The cosine between a photo's vectors from all its pixels and from those that
/// an index decodes; also whether these are fewer.
fn cosine(encoder: &dyn Encoder, photo: &Path) -> (f32, bool) {
    let bytes = std::fs::read(photo).unwrap();
    let decoded = [Detail::Full, Detail::indexed(encoder.least_side())]
        .map(|detail| decode::decode(&bytes, &Limits::default(), detail).unwrap().rgb);
    let inputs = decoded.each_ref().map(|rgb| encoder.preprocess(rgb).unwrap());
    let vectors = encoder.encode_images(&inputs).unwrap();
    let pairs = vectors[0].as_slice().iter().zip(vectors[1].as_slice());
    (pairs.map(|(a, b)| a * b).sum(), decoded[0].dimensions() != decoded[1].dimensions())
}

#[test]
fn fewer_pixels_make_the_same_vector() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let shared = std::env::var_os("AFTERIMAGE_SHARED")
        .map_or_else(|| project.join("../shared"), Into::into)
        .join("photos/camera");
    if !shared.exists() {
        eprintln!("skipped: ../shared/photos is absent");
        return;
    }
    let starter = project.join("assets/models/starter");
    assert!(starter.is_dir(), "the starter model is missing: `make test` makes it");
    // Of the fixtures' random weights those of `clip-gelu` and `clip-quickgelu`
    // are steep: a photo that is only halved, and so differs by a rounding here
    // and there, moves their vectors as far as one of an eighth.
    let fixtures = ["tinyclip", "open-clip-gelu", "open-clip-quickgelu", "siglip", "siglip2"]
        .map(|name| project.join("tests/fixtures").join(name));
    for folder in fixtures.into_iter().chain([starter]) {
        let encoder = model::load(&folder, DeviceChoice::Cpu).unwrap();
        let mut fewer = 0;
        let mut least = 1f32;
        for photo in std::fs::read_dir(&shared).unwrap() {
            let photo = photo.unwrap().path();
            let (cosine, reduced) = cosine(encoder.as_ref(), &photo);
            assert!(cosine >= 0.995, "{}: {cosine} for {}", folder.display(), photo.display());
            least = least.min(cosine);
            fewer += usize::from(reduced);
        }
        eprintln!("{}: at least {least}, {fewer} photos reduced", folder.display());
        assert!(fewer > 10 || cfg!(not(feature = "turbojpeg")));
    }
}
