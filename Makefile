.PHONY: sync check test run results hooks

sync:   # notebooks -> modules and README.md; deletes first, as nbdev_export never removes a renamed notebook's module
	find heurlens -name '*.py' -delete
	nbdev_clean
	ruff format --quiet nbs tools
	nbdev_export
	python tools/book.py

check:  # what is committed agrees with itself; make check CHECKS="floors cells" for some of it
	python tools/check.py $(CHECKS)

test:
	nbdev_test --timing

run:    # make run NB=nbs/3_paper/02_sgdr.ipynb FLAGS="slow"
	python tools/run.py --flags "$(FLAGS)" $(NB)

results:  # every record of scale digits that is missing, figures, chapters, README; from committed source, see CONTRIBUTING
	heurlens run --out runs
	heurlens publish runs results
	python tools/run.py nbs/3_paper/*.ipynb nbs/index.ipynb
	$(MAKE) sync
	python tools/check.py

hooks:  # once per clone: the check before a commit, and merges of notebooks cell by cell
	git config core.hooksPath .githooks
	git config merge.nbdev-merge.name "merge notebooks by cells"
	git config merge.nbdev-merge.driver "nbdev_merge %O %A %B %P"
