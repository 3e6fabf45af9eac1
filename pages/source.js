// Bring line `first` of the code into view as soon as the code is drawn.
(function show(triesLeft) {
  const line = document.querySelector(`.st-key-source code > span:nth-child(${first})`);
  if (line) line.scrollIntoView({ block: "center" });
  else if (triesLeft) setTimeout(show, 100, triesLeft - 1);
})(50);
