"""One file per page, each with its own ``urlpatterns``; ``console/urls.py`` gathers them."""
