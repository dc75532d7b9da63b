//! What a photo is decoded to for the index must be as good as all of it.

use std::path::Path;

use image::RgbImage;

use crate::decode::{self, Detail, Limits};
use crate::model::{self, DeviceChoice, Encoder, Precision};

fn cosine(encoder: &dyn Encoder, pictures: [&RgbImage; 2]) -> f32 {
    let inputs = pictures.map(|rgb| encoder.preprocess(rgb).unwrap());
    let vectors = encoder.encode_images(&inputs).unwrap();
    vectors[0].as_slice().iter().zip(vectors[1].as_slice()).map(|(a, b)| a * b).sum()
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
    let encoders: Vec<_> = fixtures
        .into_iter()
        .chain([starter])
        .map(|folder| (model::load(&folder, DeviceChoice::Cpu, Precision::F32).unwrap(), folder))
        .collect();

    decode::as_the_application();
    let mut fewer = 0;
    for photo in std::fs::read_dir(&shared).unwrap() {
        let photo = photo.unwrap().path();
        let bytes = std::fs::read(&photo).unwrap();
        let decode = |detail| decode::decode(&bytes, &Limits::default(), detail).unwrap().rgb;
        let whole = decode(Detail::Full);
        for (encoder, folder) in &encoders {
            let small = decode(Detail::indexed(encoder.least_side()));
            if small.dimensions() == whole.dimensions() {
                continue;
            }
            fewer += 1;
            let cosine = cosine(encoder.as_ref(), [&whole, &small]);
            assert!(cosine >= 0.995, "{}: {cosine} for {}", folder.display(), photo.display());
        }
    }
    assert!(fewer > 100 || cfg!(not(feature = "turbojpeg")), "{fewer} were smaller");
}
