/// The look that all pages share. Every text has a contrast of at least 4.5 to its ground, in light and dark.
enum PageStyle {
  static let css: HTML = """
    :root { color-scheme: light dark;
      --ground: #ffffff; --raised: #f4f6f8; --ink: #1b232d; --quiet: #55606e; --line: #d5dbe2; --link: #0b57a4;
      --heat: #2f7fd0; --warn: #9a3412;
      --s0: #1f5fa8; --s1: #b3470b; --s2: #1b7a3d; --s3: #8a2d8f; --s4: #756000; --s5: #b0243f; }
    @media (prefers-color-scheme: dark) { :root {
      --ground: #12161c; --raised: #1b2129; --ink: #e5e9ee; --quiet: #a4afbc; --line: #36404c; --link: #8cc0ff;
      --heat: #3f8fe0; --warn: #ffb38a;
      --s0: #7fb5ff; --s1: #ffab70; --s2: #6fd391; --s3: #e39bf0; --s4: #e6d06a; --s5: #ff8fa3; } }
    * { box-sizing: border-box; }
    body { background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; margin: 0 auto;
      max-width: 1240px; padding: 1rem; overflow-wrap: anywhere; }
    h1 { font-size: 1.6rem; line-height: 1.2; margin: .4rem 0; }
    h2 { border-top: 1px solid var(--line); font-size: 1.25rem; margin: 2rem 0 .6rem; padding-top: 1rem; }
    h3 { font-size: 1rem; margin: 1.2rem 0 .4rem; }
    p { margin: .4rem 0; max-width: 46rem; }
    a { color: var(--link); }
    :focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
    .skip { left: 1rem; position: absolute; top: -4rem; }
    .skip:focus { background: var(--ground); padding: .4rem; top: .4rem; }
    nav ul { display: flex; flex-wrap: wrap; gap: .2rem 1rem; list-style: none; margin: .6rem 0; padding: 0; }
    .quiet, footer, figcaption, caption { color: var(--quiet); }
    .warn { color: var(--warn); font-weight: 600; }
    footer { border-top: 1px solid var(--line); font-size: .875rem; margin-top: 2rem; padding-top: .6rem; }
    table { border-collapse: collapse; font-size: .9rem; }
    caption { caption-side: top; padding-bottom: .3rem; text-align: left; }
    th, td { border-bottom: 1px solid var(--line); padding: .22rem .6rem .22rem 0; text-align: left;
      vertical-align: top; }
    thead th { border-bottom-width: 2px; vertical-align: bottom; }
    tbody th { font-weight: 400; }
    .n { font-variant-numeric: tabular-nums; text-align: right; white-space: nowrap; }
    tr.best > * { font-weight: 700; }
    .scroll { container-type: inline-size; max-width: 100%; overflow-x: auto; }
    .scroll caption span { display: inline-block; left: 0; max-width: 100cqw; position: sticky; }
    .scroll th, .scroll td { overflow-wrap: normal; }
    .cards { align-items: start; display: flex; flex-wrap: wrap; gap: 1.2rem 2rem; margin-top: .8rem; }
    .cards > div { flex: 1 1 340px; max-width: 600px; min-width: 0; }
    .charts { align-items: start; display: grid; gap: 1.2rem 2rem;
      grid-template-columns: repeat(auto-fill, minmax(min(100%, 340px), 1fr)); }
    .cards table { width: 100%; }
    .counts th[scope=row] { min-width: 9.2rem; }
    .facts { display: grid; gap: .6rem; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); margin: .8rem 0; }
    .facts div { background: var(--raised); border-radius: 6px; padding: .5rem .7rem; }
    .facts dt { color: var(--quiet); font-size: .85rem; }
    .facts dd { font-size: 1.15rem; font-variant-numeric: tabular-nums; margin: 0; }
    .bar { min-width: 4.5rem; width: 40%; }
    .bar span { background: var(--s0); border-radius: 2px; display: block; height: .8rem; margin-top: .3rem;
      min-width: 1px; }
    figure { margin: 0; }
    figure.chart { max-width: 560px; }
    figure.chart > figcaption { color: var(--ink); font-weight: 600; }
    svg { display: block; height: auto; max-width: 100%; }
    svg text { fill: var(--quiet); font: 11px system-ui, sans-serif; }
    svg .grid { stroke: var(--line); stroke-width: 1; }
    svg .axis { stroke: var(--quiet); stroke-width: 1; }
    svg .curve { fill: none; stroke-linejoin: round; stroke-width: 1.8; }
    svg .s0 { color: var(--s0); } svg .s1 { color: var(--s1); } svg .s2 { color: var(--s2); }
    svg .s3 { color: var(--s3); } svg .s4 { color: var(--s4); } svg .s5 { color: var(--s5); }
    svg .curve { stroke: currentColor; } svg .dot, svg .block { fill: currentColor; }
    .legend { display: flex; flex-wrap: wrap; font-size: .85rem; gap: 0 1rem; list-style: none; margin: .2rem 0;
      padding: 0; }
    .legend li { align-items: center; display: flex; gap: .4rem; }
    details { margin: .3rem 0; } summary { color: var(--link); cursor: pointer; }
    .heat td { min-width: 2.4rem; padding: .22rem .4rem; text-align: right; font-variant-numeric: tabular-nums;
      background: color-mix(in srgb, var(--heat) calc(var(--share) * 45%), var(--ground)); }
    .heat thead th[scope=col] { padding: .3rem .2rem; text-align: left; vertical-align: bottom; }
    .heat thead th[scope=col] span { writing-mode: vertical-rl; transform: rotate(180deg); white-space: nowrap; }
    .pictures { display: flex; flex-wrap: wrap; gap: 1rem; }
    .pictures figure { width: 160px; } .pictures figure.wide { width: 100%; max-width: 800px; }
    .pictures figcaption { font-size: .85rem; } .pictures img { width: 100%; }
    img { background: #000; border-radius: 3px; display: block; height: auto; max-width: 100%; }
    @media (max-width: 420px) { .pictures { gap: .6rem; } .pictures figure { width: calc(50% - .3rem); }
      body { padding: .8rem; } }
    @media print { nav, .skip { display: none; } }
    """
}
