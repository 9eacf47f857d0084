"""scikit-learn's TF-IDF and linear SVM on the splits that `examples/titles.rs --out FOLDER` has written.

python benches/titles.py FOLDER
"""
import json
import pathlib
import sys

import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import accuracy_score, balanced_accuracy_score
from sklearn.svm import LinearSVC

for file in sorted(pathlib.Path(sys.argv[1]).glob("split-*.csv")):
    table = pd.read_csv(file, keep_default_na=False)
    train, test = table[table.part == "train"], table[table.part == "test"]
    terms = TfidfVectorizer(tokenizer=str.split, token_pattern=None, lowercase=False, ngram_range=(1, 2))
    known, asked = terms.fit_transform(train.words), terms.transform(test.words)
    for weight in (None, "balanced"):
        guesses = LinearSVC(class_weight=weight).fit(known, train.category).predict(asked)
        print(json.dumps({
            "seed": int(file.stem.split("-")[1]),
            "model": "linear SVM, balanced" if weight else "linear SVM",
            "balanced_accuracy": round(balanced_accuracy_score(test.category, guesses), 4),
            "accuracy": round(accuracy_score(test.category, guesses), 4),
        }), flush=True)
