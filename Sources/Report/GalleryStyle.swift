/// The look of a gallery: light or dark as the reader has it, pictures enlarged without smoothing.
let galleryStyle = """
  :root { --paper: #fbfaf8; --card: #ffffff; --ink: #1d1c1a; --dim: #6f6b64; --line: #e3dfd8;
    --bad: #b3261e; --bad-soft: #fbe9e7; --good: #2a6b34; --good-soft: #e6f2e7; --bar: #5b7fa6; }
  @media (prefers-color-scheme: dark) {
    :root { --paper: #161719; --card: #1f2124; --ink: #e8e6e2; --dim: #9c9890; --line: #34363a;
      --bad: #ff8a80; --bad-soft: #43201d; --good: #8fd19a; --good-soft: #1c3521; --bar: #7fa5cf; }
  }
  * { box-sizing: border-box; }
  body { margin: 0 auto; padding: 2.5rem 1.5rem; max-width: 78rem; background: var(--paper);
    color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
  h1 { font-size: 1.9rem; margin: 0; letter-spacing: -0.02em; }
  h2 { font-size: 1.25rem; margin: 2.4rem 0 0.9rem; }
  h3 { font-size: 1rem; margin: 0.8rem 0 0.2rem; }
  p { margin: 0.15rem 0; }
  a { color: inherit; }
  .lead { font-size: 1.1rem; margin: 0.6rem 0 1.6rem; max-width: 46rem; }
  .dim { color: var(--dim); }
  .wide { overflow-x: auto; }
  table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
  caption { text-align: left; color: var(--dim); padding-bottom: 0.5rem; }
  th, td { text-align: left; padding: 0.3rem 0.9rem 0.3rem 0; border-bottom: 1px solid var(--line);
    white-space: nowrap; }
  th { font-weight: 600; }
  .n { text-align: right; }
  .bar { width: 34%; padding-right: 0; }
  .bar span { display: block; height: 0.6rem; border-radius: 0.3rem; background: var(--bar);
    min-width: 2px; }
  tr.worst td { font-weight: 600; }
  tr.worst .bar span { background: var(--bad); }
  .warnings { margin-top: 1.6rem; padding: 0.2rem 1.2rem 0.8rem; border-radius: 0.6rem;
    background: var(--bad-soft); }
  .warnings h2 { margin: 0.8rem 0 0.3rem; font-size: 1.05rem; }
  .warnings ul { margin: 0; padding-left: 1.2rem; }
  .cards { display: grid; gap: 1.1rem; grid-template-columns: repeat(auto-fill, minmax(22rem, 1fr)); }
  article { background: var(--card); border: 1px solid var(--line); border-radius: 0.7rem;
    padding: 1rem; }
  .pictures { display: grid; grid-template-columns: repeat(3, 1fr); gap: 0.6rem; }
  figure { margin: 0; }
  img { display: block; width: 100%; image-rendering: pixelated; border-radius: 0.3rem;
    outline: 1px solid var(--line); }
  figure.adversarial img { outline: 2px solid var(--bad); }
  figure.held img { outline-color: var(--good); }
  figcaption { font-size: 0.78rem; color: var(--dim); margin-top: 0.35rem; line-height: 1.3; }
  figcaption b { display: block; color: var(--ink); font-weight: 600; }
  .arrow { color: var(--dim); }
  .wrong { color: var(--bad); }
  .badge { display: inline-block; margin-top: 0.3rem; padding: 0.1rem 0.55rem; border-radius: 1rem;
    font-size: 0.8rem; }
  .good { background: var(--good-soft); color: var(--good); }
  .bad { background: var(--bad-soft); color: var(--bad); }
  .none { padding: 2rem 0; color: var(--dim); }
  footer { margin-top: 3rem; border-top: 1px solid var(--line); color: var(--dim); font-size: 0.85rem; }
  dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.2rem 1rem; }
  dd { margin: 0; overflow-wrap: anywhere; }
  code { font-size: 0.78rem; }
  """
