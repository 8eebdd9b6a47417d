"""The JSON door: ``/api/v1`` (django-ninja), with one error shape and bounded lists."""
