use super::*;
use std::time::Instant;
#[test]
fn full_size() {
    let folder = Path::new("/tmp/w/vitb32");
    let expected = read_json(&folder.join("expected.json")).unwrap();
    let begin = Instant::now();
    let enc = load(folder, DeviceChoice::Cpu).unwrap();
    eprintln!("open {:?}", begin.elapsed());
    let begin = Instant::now();
    enc.encode_texts(&["a dog"]).unwrap();
    eprintln!("first text {:?}", begin.elapsed());
    let begin = Instant::now();
    enc.encode_texts(&["a dog"]).unwrap();
    eprintln!("second text {:?}", begin.elapsed());
    let cos = |v: &Embedding, e: &Value| -> f64 {
        v.as_slice().iter().zip(e.as_array().unwrap()).map(|(a, b)| f64::from(*a) * b.as_f64().unwrap()).sum()
    };
    for t in expected["texts"].as_array().unwrap() {
        let v = enc.encode_texts(&[t["text"].as_str().unwrap()]).unwrap();
        eprintln!("text {:.7}", cos(&v[0], &t["vector"]));
    }
    let mut worst = 1f64;
    let mut inputs = vec![];
    for t in expected["images"].as_array().unwrap() {
        let rgb = image::open(t["image"].as_str().unwrap()).unwrap().to_rgb8();
        let begin = Instant::now();
        let input = enc.preprocess(&rgb).unwrap();
        let el = begin.elapsed();
        let v = enc.encode_images(&[input.clone()]).unwrap();
        let c = cos(&v[0], &t["vector"]);
        eprintln!("{:?} preprocess {el:?} cos {c:.7}", rgb.dimensions());
        worst = worst.min(c);
        inputs.push(input);
    }
    eprintln!("worst {worst}");
    for b in [1usize, 4, 8, 16, 32] {
        let batch: Vec<_> = inputs.iter().cycle().take(b).cloned().collect();
        enc.encode_images(&batch).unwrap();
        let begin = Instant::now();
        let n = (24 / b).max(1);
        for _ in 0..n { enc.encode_images(&batch).unwrap(); }
        eprintln!("batch {b}: {:.1} images/s", (n * b) as f64 / begin.elapsed().as_secs_f64());
    }
}
